/**
 * Start scripts for services that run from programs of this machine. Each prepares its data folder so that a crash leaves either nothing
 * or all of it, and ends in `exec`, so that the program receives signals. Passwords are passed in the environment, never as arguments.
 */

/**
 * Arguments: program folder, data folder, listen address, port, folder of a prepared cluster. Applies changed values of POSTGRES_USER,
 * POSTGRES_PASSWORD and POSTGRES_DB at the next start. A new cluster is copied from the prepared one, if there is one. Its files are written to
 * the disk while the server starts: it keeps what it commits from then on in any case, and the file `unsynced` exists until the rest is safe.
 */
export const postgresScript = `
set -eu
umask 077
bin=$1 data=$2 listen=$3 port=$4 prepared=$5 flags=
if [ ! -s "$data/pgdata/PG_VERSION" ]; then
  rm -rf "$data/new"
  if [ "$POSTGRES_USER" = app ] && [ -s "$prepared/PG_VERSION" ]; then
    cp -R "$prepared" "$data/new"
  else
    "$bin/initdb" --no-sync -D "$data/new" -U "$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions >"$data/prepare.log" 2>&1 \\
      || { cat "$data/prepare.log" >&2; exit 1; }
  fi
  flags="-c fsync=off"
  : >"$data/unsynced"
  echo "host all all all scram-sha-256" >>"$data/new/pg_hba.conf"
  rm -rf "$data/pgdata" "$data/account"
  mv "$data/new" "$data/pgdata"
fi
name() { printf '"%s"' "$(printf %s "$1" | sed 's/"/""/g')"; }
text() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }
account=$(printf '%s\\n' "$POSTGRES_USER" "$POSTGRES_PASSWORD" "$POSTGRES_DB" | sha256sum)
if [ "$(cat "$data/account" 2>/dev/null || true)" != "$account" ]; then
  printf '%s\\n' \\
    "create role $(name "$POSTGRES_USER");" \\
    "alter role $(name "$POSTGRES_USER") login superuser password $(text "$POSTGRES_PASSWORD");" \\
    "create database $(name "$POSTGRES_DB") owner $(name "$POSTGRES_USER");" \\
    | "$bin/postgres" --single $flags -D "$data/pgdata" postgres >"$data/prepare.log" 2>&1 \\
    || { cat "$data/prepare.log" >&2; exit 1; }
  printf %s "$account" >"$data/account"
fi
rm -f "$data/prepare.log"
if [ -e "$data/unsynced" ]; then
  ( { "$bin/initdb" --sync-only -D "$data/pgdata" && rm -f "$data/unsynced"; } >/dev/null 2>&1 & )
fi
exec "$bin/postgres" -D "$data/pgdata" -p "$port" -c listen_addresses="$listen" -c unix_socket_directories= \\
  -c shared_buffers=32MB -c max_connections=50 -c log_checkpoints=off
`;

/** Arguments: program, data folder, listen address, port. */
export const redisScript = `
set -eu
umask 077
printf 'bind %s\\nport %s\\ndir "%s"\\nappendonly yes\\nsave ""\\nloglevel notice\\n' "$3" "$4" "$2" >"$2/redis.conf"
printf 'requirepass "%s"\\n' "$(printf %s "$REDIS_PASSWORD" | sed 's/[\\\\"]/\\\\&/g')" >>"$2/redis.conf"
exec "$1" "$2/redis.conf"
`;

/** Arguments: folder of the server program, folder of the install script, data folder, listen address, port. Accounts as in the image. */
export const mariadbScript = `
set -eu
umask 077
data=$3
if [ ! -d "$data/db/mysql" ]; then
  rm -rf "$data/new"
  "$2/mariadb-install-db" --no-defaults --datadir="$data/new" --auth-root-authentication-method=normal --skip-test-db >"$data/prepare.log" 2>&1 \\
    || { cat "$data/prepare.log" >&2; exit 1; }
  rm -rf "$data/db"
  mv "$data/new" "$data/db"
fi
text() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\\\\\']/\\\\\\\\&/g")"; }
name() { printf '\`%s\`' "$(printf %s "$1" | sed 's/\`/\`\`/g')"; }
printf '%s\\n' \\
  "alter user root@localhost identified by $(text "$MYSQL_ROOT_PASSWORD");" \\
  "create user if not exists root@'%' identified by $(text "$MYSQL_ROOT_PASSWORD");" \\
  "alter user root@'%' identified by $(text "$MYSQL_ROOT_PASSWORD");" \\
  "grant all on *.* to root@'%' with grant option;" \\
  "create database if not exists $(name "$MYSQL_DATABASE");" \\
  "create user if not exists $(text "$MYSQL_USER")@'%';" \\
  "alter user $(text "$MYSQL_USER")@'%' identified by $(text "$MYSQL_PASSWORD");" \\
  "grant all on $(name "$MYSQL_DATABASE").* to $(text "$MYSQL_USER")@'%';" >"$data/account.sql"
exec "$1/mariadbd" --no-defaults --datadir="$data/db" --bind-address="$4" --port="$5" --socket="$data/s" --pid-file="$data/pid" \\
  --init-file="$data/account.sql" --innodb-buffer-pool-size=64M --skip-log-bin --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci
`;

/** Replaces `${NAME}` with variables that are set, like the nginx image. */
const fillScript = `{
  line = $0
  out = ""
  while (match(line, /\\$[{][A-Za-z_][A-Za-z0-9_]*[}]/)) {
    name = substr(line, RSTART + 2, RLENGTH - 3)
    out = out substr(line, 1, RSTART - 1) (name in ENVIRON ? ENVIRON[name] : substr(line, RSTART, RLENGTH))
    line = substr(line, RSTART + RLENGTH)
  }
  print out line
}`;
const mimeTypes =
  "text/html html htm; text/css css; text/javascript js mjs; text/plain txt; application/json json; application/wasm wasm; application/pdf pdf; " +
  "image/svg+xml svg; image/png png; image/jpeg jpg jpeg; image/gif gif; image/webp webp; image/avif avif; image/x-icon ico; font/woff2 woff2; " +
  "video/mp4 mp4; audio/mpeg mp3;";
/** Arguments: program, output folder, awk program. Runs in the folder of the templates. */
const nginxScript = `
set -eu
work=$2
rm -rf "$work/conf.d"
mkdir -p "$work/conf.d" "$work/tmp"
for file in ./*.conf.template; do
  [ ! -e "$file" ] || awk "$3" "$file" >"$work/conf.d/\${file%.template}"
done
cat >"$work/nginx.conf" <<END
daemon off;
pid $work/pid;
error_log stderr;
events {}
http {
  access_log /dev/stdout;
  client_body_temp_path $work/tmp/client;
  proxy_temp_path $work/tmp/proxy;
  fastcgi_temp_path $work/tmp/fastcgi;
  uwsgi_temp_path $work/tmp/uwsgi;
  scgi_temp_path $work/tmp/scgi;
  types { $4 }
  default_type application/octet-stream;
  include $work/conf.d/*.conf;
}
END
exec "$1" -e stderr -p "$PWD" -c "$work/nginx.conf"
`;
export const nginxArgs = (program: string, work: string): string[] => [
  "sh",
  "-c",
  nginxScript,
  "nginx",
  program,
  work,
  fillScript,
  mimeTypes,
];
