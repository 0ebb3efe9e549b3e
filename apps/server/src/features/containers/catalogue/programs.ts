/**
 * How services start from programs of this machine. Each script prepares its data folder so that a crash at any moment leaves either nothing or
 * all of it, and ends in `exec`: the program itself hears the signal to stop. Passwords come in the environment, never in arguments.
 */

/** Arguments: folder of the programs, data folder, address, port. POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB are brought in line at a start after they changed. */
export const postgresScript = `
set -eu
umask 077
bin=$1 data=$2 listen=$3 port=$4
if [ ! -s "$data/pgdata/PG_VERSION" ]; then
  rm -rf "$data/new"
  "$bin/initdb" -D "$data/new" -U "$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions >"$data/prepare.log" 2>&1 \\
    || { cat "$data/prepare.log" >&2; exit 1; }
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
    | "$bin/postgres" --single -D "$data/pgdata" postgres >"$data/prepare.log" 2>&1 \\
    || { cat "$data/prepare.log" >&2; exit 1; }
  printf %s "$account" >"$data/account"
fi
rm -f "$data/prepare.log"
exec "$bin/postgres" -D "$data/pgdata" -p "$port" -c listen_addresses="$listen" -c unix_socket_directories= \\
  -c shared_buffers=32MB -c max_connections=50 -c log_checkpoints=off
`;

/** Arguments: program, data folder, address, port. */
export const redisScript = `
set -eu
umask 077
printf 'bind %s\\nport %s\\ndir "%s"\\nappendonly yes\\nsave ""\\nloglevel notice\\n' "$3" "$4" "$2" >"$2/redis.conf"
printf 'requirepass "%s"\\n' "$(printf %s "$REDIS_PASSWORD" | sed 's/[\\\\"]/\\\\&/g')" >>"$2/redis.conf"
exec "$1" "$2/redis.conf"
`;

/** Arguments: folder of the server program, folder of the install script, data folder, address, port. */
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
  "create database if not exists $(name "$MYSQL_DATABASE");" \\
  "create user if not exists $(text "$MYSQL_USER")@'%';" \\
  "alter user $(text "$MYSQL_USER")@'%' identified by $(text "$MYSQL_PASSWORD");" \\
  "grant all on $(name "$MYSQL_DATABASE").* to $(text "$MYSQL_USER")@'%';" >"$data/account.sql"
exec "$1/mariadbd" --no-defaults --datadir="$data/db" --bind-address="$4" --port="$5" --socket="$data/s" --pid-file="$data/pid" \\
  --init-file="$data/account.sql" --innodb-buffer-pool-size=64M --skip-log-bin
`;

/** Fills `${NAME}` of every template in the folder with the variables that are set, as the image of nginx does. */
const renderScript = `
const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { argv: [, to], env } = process;
rmSync(to + "/conf.d", { recursive: true, force: true });
mkdirSync(to + "/conf.d", { recursive: true });
mkdirSync(to + "/tmp", { recursive: true });
for (const file of readdirSync(".").filter((f) => f.endsWith(".conf.template")))
  writeFileSync(to + "/conf.d/" + file.slice(0, -9), readFileSync(file, "utf8").replace(/\\$\\{(\\w+)\\}/g, (all, name) => env[name] ?? all));
const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => kind + "_temp_path " + to + "/tmp/" + kind + ";").join(" ");
writeFileSync(to + "/nginx.conf", "daemon off; pid " + to + "/pid; error_log stderr; events {} http { access_log /dev/stdout; " + temporary +
  " types { text/html html htm; text/css css; text/javascript js mjs; application/json json; image/svg+xml svg; image/png png; image/jpeg jpg jpeg; image/webp webp; font/woff2 woff2; application/wasm wasm; } default_type application/octet-stream; include " + to + "/conf.d/*.conf; }");
`;
/** Arguments: program, folder for what is made. Runs in the folder of the templates. */
export const nginxScript = `
set -eu
node -e "$3" "$2"
exec "$1" -e stderr -p "$PWD" -c "$2/nginx.conf"
`;
export const nginxArgs = (program: string, work: string): string[] => ["sh", "-c", nginxScript, "nginx", program, work, renderScript];
