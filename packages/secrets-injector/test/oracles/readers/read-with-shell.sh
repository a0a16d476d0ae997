# Sources .env.f0, .env.f1, … of a folder, each in a shell of its own; writes, beside each, the environment that comes of it.
__folder=$1 __count=$2 __index=0
while [ "$__index" -lt "$__count" ]; do
  (
    set -a
    . "$__folder/.env.f$__index"
    exec /usr/bin/env -0
  ) >"$__folder/out.$__index" 2>/dev/null
  __index=$((__index + 1))
done
