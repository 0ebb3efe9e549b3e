/** The baseline: bare Fastify with the same SQL, without authentication and schemas. Started by bench/topics/routes.ts in a separate process. */
import fastify from "fastify";
import pg from "pg";

const [socketDir, userId] = process.argv.slice(2);
const pool = new pg.Pool({ host: socketDir ?? "", user: "tesslate", database: "tesslate", max: 16 });
const app = fastify();
app.get("/projects", async () => {
  const [items, total] = await Promise.all([
    pool.query({
      name: "list",
      text: "select p.*, (select array_agg(c.status) from containers c where c.project_id = p.id) as statuses from projects p where owner_id = $1 and environment_status <> 'deleting' order by updated_at desc, id limit 50",
      values: [userId],
    }),
    pool.query({
      name: "count",
      text: "select count(*) from projects where owner_id = $1 and environment_status <> 'deleting'",
      values: [userId],
    }),
  ]);
  return { items: items.rows, total: Number(total.rows[0]?.count), page: 1, total_pages: 1 };
});
await app.listen({ port: 0, host: "127.0.0.1" });
process.stdout.write(`${JSON.stringify(app.server.address())}\n`);
