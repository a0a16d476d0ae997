# Reads .env.f0, .env.f1, ... of a folder with dotenv for Ruby; prints, for each, its variables in base64, or null where it is rejected.
require "base64"
require "dotenv"
require "json"

folder, count = ARGV
answers = (0...count.to_i).map do |index|
  variables = Dotenv::Parser.call(File.open("#{folder}/.env.f#{index}", "rb:bom|utf-8", &:read))
  variables.transform_values { |value| Base64.strict_encode64(value) }
rescue StandardError, SyntaxError
  nil
end
puts JSON.generate(answers)
