<?php
// Reads .env.f0, .env.f1, … of a folder with a parser of PHP; prints, for each, its variables in base64, or null where it is rejected.
// The parser is Debian's, or is below a folder that is named last.
[, $parser, $folder, $count] = $argv;
$classes = $argv[4] ?? null;
if ($classes !== null) {
    spl_autoload_register(fn (string $class) => @include $classes.'/'.str_replace('\\', '/', $class).'.php');
}

$parsers = [
    'symfony' => function (string $text) use ($classes) {
        if ($classes === null) require_once '/usr/share/php/Symfony/Component/Dotenv/autoload.php';
        return (new Symfony\Component\Dotenv\Dotenv())->parse($text);
    },
    'phpdotenv' => function (string $text) use ($classes) {
        if ($classes === null) require_once '/usr/share/php/Dotenv/autoload.php';
        return Dotenv\Dotenv::parse($text);
    },
    'ini' => fn (string $text) => parse_ini_string("[www]\n".$text, true, INI_SCANNER_NORMAL)['www']['env'] ?? [],
];

// An open parenthesis at the end of a file makes Symfony 5.4 read past it, for ever, with a warning for each step.
set_error_handler(function (int $level, string $message) {
    if ($level & (E_DEPRECATED | E_USER_DEPRECATED)) return true;
    throw new ErrorException($message, 0, $level);
});
foreach (['X', 'b', 'y', 'HOME'] as $name) {
    $_ENV[$name] = $_SERVER[$name] = getenv($name);
}

$answers = [];
for ($index = 0; $index < (int) $count; $index++) {
    try {
        $variables = $parsers[$parser](file_get_contents("$folder/.env.f$index"));
        $answers[] = (object) array_map(fn ($value) => base64_encode((string) $value), $variables);
    } catch (Throwable $error) {
        $answers[] = null;
    }
}
echo json_encode($answers);
