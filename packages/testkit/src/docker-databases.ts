import { join } from "node:path";
import { importPrograms } from "./docker-images.ts";

const postgresHome = "/usr/local/postgres";
/** A short version of what the official image does with its variables at the first start. */
const postgresEntrypoint = (bin: string) => `#!/bin/bash
set -eu
export PATH=${bin}:$PATH
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  printf %s "$POSTGRES_PASSWORD" >/tmp/password
  initdb -D "$PGDATA" -U "\${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --locale=C --encoding=UTF8
  rm /tmp/password
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  printf 'create database "%s";\\n' "\${POSTGRES_DB:-postgres}" | postgres --single -D "$PGDATA" postgres || true
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=
`;
const isReady = `#!/bin/bash
host=127.0.0.1 port=5432
while [ $# -gt 1 ]; do case $1 in -h) host=$2 ;; -p) port=$2 ;; esac; shift; done
exec 3<>"/dev/tcp/$host/$port"
`;

/** PostgreSQL under the name of the official image. `programs`: a folder with its `bin`, `lib` and `share`. `volume` and `data` as in that image. */
export const importPostgres = (
  host: string,
  tag: string,
  programs: string,
  { volume = "/var/lib/postgresql/data", data = volume }: { volume?: string; data?: string } = {},
): Promise<void> =>
  importPrograms(host, {
    tag,
    programs: [
      "/bin/bash",
      ...["bin/postgres", "bin/initdb"].map((path) => ({ from: join(programs, path), to: join(postgresHome, path) })),
    ],
    folders: [{ from: programs, to: postgresHome }],
    files: [
      { path: "/etc/passwd", content: "root:x:0:0::/:/bin/sh\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n" },
      { path: "/usr/bin/docker-entrypoint.sh", content: postgresEntrypoint(join(postgresHome, "bin")) },
      { path: "/usr/bin/pg_isready", content: isReady },
    ],
    owned: [{ path: volume, uid: 70 }],
    changes: [`ENV PGDATA=${data}`, `VOLUME ${volume}`, 'ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["postgres"]'],
  });

/** This machine's Redis under the name of the official image. */
export const importRedis = (host: string, tag: string): Promise<void> =>
  importPrograms(host, {
    tag,
    programs: ["/usr/bin/redis-server", "/usr/bin/redis-cli", "/bin/grep", "/bin/sed"],
    owned: [{ path: "/data", uid: 999 }],
    changes: ["WORKDIR /data", "VOLUME /data", 'CMD ["redis-server"]'],
  });
