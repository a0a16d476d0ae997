# Reads .env.f0, .env.f1, ... of a folder with a parser of Python, or with systemd's by way of its shared library; prints, for each,
# its variables in base64, or null where it is rejected.
import base64
import ctypes
import io
import json
import logging
import sys

parser, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])


def read_with_dotenv(interpolate):
    import dotenv

    logging.disable(logging.CRITICAL)
    # A line that it cannot read is skipped with a warning: no variable comes of it.
    return lambda path: {
        name: "" if value is None else value for name, value in dotenv.dotenv_values(path, interpolate=interpolate).items()
    }


def read_with_yaml(path):
    import yaml

    with open(path, encoding="utf-8", newline="") as file:
        return yaml.safe_load(file.read()) or {}


def read_with_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_with_systemd(library):
    """load_env_file() and then strv_env_clean_with_callback(), as src/core/execute.c does for EnvironmentFile=."""
    systemd = ctypes.CDLL(library)
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    systemd.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_char_p))]
    clean = systemd.strv_env_clean_with_callback
    clean.restype = ctypes.POINTER(ctypes.c_char_p)
    clean.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p]

    def read(path):
        entries = ctypes.POINTER(ctypes.c_char_p)()
        if systemd.load_env_file(None, path.encode(), ctypes.byref(entries)) < 0:
            raise ValueError("rejected")
        cleaned = clean(entries, None, None)
        variables = {}
        index = 0
        while cleaned and cleaned[index] is not None:
            name, _, value = cleaned[index].partition(b"=")
            variables[name.decode()] = value
            index += 1
        return variables

    return read


readers = {
    "dotenv": lambda: read_with_dotenv(True),
    "dotenv-raw": lambda: read_with_dotenv(False),
    "yaml": lambda: read_with_yaml,
    "json": lambda: read_with_json,
    "systemd": lambda: read_with_systemd(sys.argv[4]),
}


def encoded(value):
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


read = readers[parser]()
answers = []
for index in range(count):
    try:
        answers.append({name: encoded(value) for name, value in read(f"{folder}/.env.f{index}").items()})
    except Exception:
        answers.append(None)
json.dump(answers, sys.stdout)
