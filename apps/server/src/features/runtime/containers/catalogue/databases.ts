import { generated, type Program, type ServiceDefinition } from "./definition.ts";
import { mariadbScript, postgresScript, redisScript } from "./programs.ts";
import { speaksMysql, speaksPostgres, speaksRedis } from "./probes.ts";

/** Volume path expected by the image since version 18. */
const postgresData = "/var/lib/postgresql";
/** Made by `platform/postgres/project-cluster.ts` with the bundled programs. Others have their own format. */
const bundledPostgres = "/opt/postgres/bin";
const preparedCluster = "/opt/postgres-cluster/cluster";
const postgresFrom = (bin: string): Program => ({
  needs: [`${bin}/postgres`, `${bin}/initdb`],
  command: ({ port, listen }) => [
    "sh",
    "-c",
    postgresScript,
    "postgres",
    bin,
    postgresData,
    listen,
    String(port),
    bin === bundledPostgres ? preparedCluster : "",
  ],
  health: ({ port }) => speaksPostgres(port),
});
const redisFrom = (program: string): Program => ({
  needs: [program],
  command: ({ port, listen }) => ["sh", "-c", redisScript, "redis", program, "/data", listen, String(port)],
  health: ({ port }) => speaksRedis(port),
});

export const databases: readonly ServiceDefinition[] = [
  {
    slug: "postgres",
    name: "PostgreSQL",
    category: "database",
    description: "The relational database for most projects: SQL, JSON, full-text search.",
    running: {
      port: 5432,
      // The same major version as the bundled one, so that either can open the other's data.
      image: "postgres:18-alpine",
      imageCommand: ({ port }) => ["postgres", "-p", String(port)],
      imageHealth: ({ port }) => ["pg_isready", "-h", "127.0.0.1", "-p", String(port)],
      imageEnv: () => ({ PGDATA: `${postgresData}/pgdata` }),
      env: { POSTGRES_USER: "app", POSTGRES_PASSWORD: generated, POSTGRES_DB: "app" },
      volumes: [{ name: "data", path: postgresData }],
      // SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes data.
      stopSignal: "SIGINT",
      stopGraceMs: 30_000,
      programs: [bundledPostgres, ...[18, 17, 16, 15].map((major) => `/usr/lib/postgresql/${major}/bin`)].map(postgresFrom),
      install: "the package `postgresql`",
      connection: {
        DATABASE_URL: "postgresql://{POSTGRES_USER}:{POSTGRES_PASSWORD}@{container_name}:{internal_port}/{POSTGRES_DB}",
        POSTGRES_HOST: "{container_name}",
        POSTGRES_PORT: "{internal_port}",
        POSTGRES_USER: "{POSTGRES_USER}",
        POSTGRES_PASSWORD: "{POSTGRES_PASSWORD}",
        POSTGRES_DB: "{POSTGRES_DB}",
      },
    },
    outputs: {
      DATABASE_URL: "Connection URL with user and password",
      POSTGRES_HOST: "Host name",
      POSTGRES_PORT: "Port",
      POSTGRES_USER: "User",
      POSTGRES_PASSWORD: "Password",
      POSTGRES_DB: "Database name",
    },
  },
  {
    slug: "mysql",
    name: "MySQL",
    category: "database",
    description: "A relational database. Without Docker it runs as MariaDB, which speaks the same protocol.",
    running: {
      port: 3306,
      image: "mysql:8.4",
      imageCommand: ({ port }) => ["mysqld", `--port=${port}`],
      imageHealth: ({ port }) => ["mysqladmin", "ping", "-h", "127.0.0.1", "-P", String(port), "--silent"],
      env: { MYSQL_ROOT_PASSWORD: generated, MYSQL_DATABASE: "app", MYSQL_USER: "app", MYSQL_PASSWORD: generated },
      volumes: [{ name: "data", path: "/var/lib/mysql" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 30_000,
      programs: [
        {
          needs: ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/my_print_defaults"],
          command: ({ port, listen }) => [
            "sh",
            "-c",
            mariadbScript,
            "mysql",
            "/usr/sbin",
            "/usr/bin",
            "/var/lib/mysql",
            listen,
            String(port),
          ],
          health: ({ port }) => speaksMysql(port),
        },
      ],
      install: "the package `mariadb-server`",
      connection: {
        DATABASE_URL: "mysql://{MYSQL_USER}:{MYSQL_PASSWORD}@{container_name}:{internal_port}/{MYSQL_DATABASE}",
        MYSQL_HOST: "{container_name}",
        MYSQL_PORT: "{internal_port}",
        MYSQL_USER: "{MYSQL_USER}",
        MYSQL_PASSWORD: "{MYSQL_PASSWORD}",
        MYSQL_DATABASE: "{MYSQL_DATABASE}",
      },
    },
    outputs: {
      DATABASE_URL: "Connection URL with user and password",
      MYSQL_HOST: "Host name",
      MYSQL_PORT: "Port",
      MYSQL_USER: "User",
      MYSQL_PASSWORD: "Password",
      MYSQL_DATABASE: "Database name",
    },
  },
  {
    slug: "mongodb",
    name: "MongoDB",
    category: "database",
    description: "A document database.",
    running: {
      port: 27017,
      image: "mongo:8",
      imageCommand: ({ port }) => ["mongod", "--port", String(port), "--bind_ip_all"],
      imageHealth: ({ port }) => ["mongosh", "--quiet", "--port", String(port), "--eval", "db.runCommand({ping: 1})"],
      env: { MONGO_INITDB_ROOT_USERNAME: "app", MONGO_INITDB_ROOT_PASSWORD: generated, MONGO_INITDB_DATABASE: "app" },
      volumes: [{ name: "data", path: "/data/db" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 30_000,
      programs: [],
      connection: {
        MONGODB_URI:
          "mongodb://{MONGO_INITDB_ROOT_USERNAME}:{MONGO_INITDB_ROOT_PASSWORD}@{container_name}:{internal_port}/{MONGO_INITDB_DATABASE}?authSource=admin",
        MONGODB_HOST: "{container_name}",
        MONGODB_PORT: "{internal_port}",
        MONGODB_USER: "{MONGO_INITDB_ROOT_USERNAME}",
        MONGODB_PASSWORD: "{MONGO_INITDB_ROOT_PASSWORD}",
        MONGODB_DATABASE: "{MONGO_INITDB_DATABASE}",
      },
    },
    outputs: {
      MONGODB_URI: "Connection URL with user and password",
      MONGODB_HOST: "Host name",
      MONGODB_PORT: "Port",
      MONGODB_USER: "User",
      MONGODB_PASSWORD: "Password",
      MONGODB_DATABASE: "Database name",
    },
  },
  {
    slug: "redis",
    name: "Redis",
    category: "cache",
    description: "An in-memory store for keys, lists and streams, persisted across restarts. Valkey works as well.",
    running: {
      port: 6379,
      image: "redis:8-alpine",
      imageCommand: ({ port, listen }) => ["sh", "-c", redisScript, "redis", "redis-server", "/data", listen, String(port)],
      imageHealth: ({ port }) => [
        "sh",
        "-c",
        'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -p "$1" ping | grep -q PONG',
        "ping",
        String(port),
      ],
      env: { REDIS_PASSWORD: generated },
      volumes: [{ name: "data", path: "/data" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: ["/usr/bin/valkey-server", "/usr/bin/redis-server", "/usr/local/bin/redis-server"].map(redisFrom),
      install: "the package `redis-server` (or `valkey-server`)",
      connection: {
        REDIS_URL: "redis://:{REDIS_PASSWORD}@{container_name}:{internal_port}",
        REDIS_HOST: "{container_name}",
        REDIS_PORT: "{internal_port}",
        REDIS_PASSWORD: "{REDIS_PASSWORD}",
      },
    },
    outputs: { REDIS_URL: "Connection URL with the password", REDIS_HOST: "Host name", REDIS_PORT: "Port", REDIS_PASSWORD: "Password" },
  },
  {
    slug: "qdrant",
    name: "Qdrant",
    category: "database",
    description: "A vector database for semantic search, as a container or in Qdrant Cloud.",
    running: {
      port: 6333,
      image: "qdrant/qdrant:v1.15.5",
      imageEnv: ({ port }) => ({ QDRANT__SERVICE__HTTP_PORT: String(port) }),
      imageHealth: ({ port }) => ["bash", "-c", 'exec 3<>"/dev/tcp/127.0.0.1/$1"', "probe", String(port)],
      env: { QDRANT__SERVICE__API_KEY: generated },
      volumes: [{ name: "data", path: "/qdrant/storage" }],
      stopSignal: "SIGTERM",
      stopGraceMs: 15_000,
      programs: [],
      connection: { QDRANT_URL: "http://{container_name}:{internal_port}", QDRANT_API_KEY: "{QDRANT__SERVICE__API_KEY}" },
    },
    external: {
      fields: [
        { key: "QDRANT_URL", label: "Cluster URL", isSecret: false, isRequired: true, isEndpoint: true },
        { key: "QDRANT_API_KEY", label: "API key", isSecret: true, isRequired: false },
      ],
      connection: { QDRANT_URL: "{QDRANT_URL}", QDRANT_API_KEY: "{QDRANT_API_KEY}" },
    },
    outputs: { QDRANT_URL: "Address", QDRANT_API_KEY: "API key" },
  },
];
