/** From the model's token to the browser's, alone and in a crowd. */
import { load, script, turn } from "@tesslate/testkit";
import { createProject } from "../../e2e/account.ts";
import { ms, quantile, since, type Row } from "../report.ts";
import type { Stage } from "../stage.ts";

export async function measure(stage: Stage): Promise<Row[]> {
  const { model, person } = await stage.scene();
  const rows: Row[] = [];
  const project = await createProject(person, "Tokens", "static");
  for (const concurrent of [1, 100]) {
    model.setScript(script([turn(load({ tokensPerSecond: 50, tokens: 150, isStamped: true }))], { repeat: true }));
    const delays: number[] = [];
    let chunks = 0;
    let failed = 0;
    const run = async (i: number) => {
      const session = await person.api.chat.createSession({ body: { project_id: project.id, title: `load ${i}` } });
      for await (const event of person.api.chat.stream({
        body: { project_id: project.id, chat_id: session.id, message: `load run ${concurrent} ${i}`, edit_mode: "plan" },
      })) {
        if (event.type === "text_chunk") {
          chunks += 1;
          // The load mode stamps each token with the time it was written: <t:milliseconds>.
          for (const stamp of event.data.content.matchAll(/<t:(\d+)>/g)) delays.push(Date.now() - Number(stamp[1]));
        }
        if (event.type === "complete" && !event.data.success) failed += 1;
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: concurrent }, (_, i) => run(i)));
    rows.push({
      what: `model token to browser, ${concurrent} concurrent run${concurrent === 1 ? "" : "s"} at 50 tokens/s`,
      seen: `p50 ${ms(quantile(delays, 0.5))}, p99 ${ms(quantile(delays, 0.99))}, ${chunks} chunks in ${(since(started) / 1000).toFixed(1)} s, ${failed} failed`,
      target: concurrent === 100 ? "p99 < 50 ms" : "",
      ...(concurrent === 100 && { meets: quantile(delays, 0.99) < 50 && failed === 0 }),
    });
  }
  return rows;
}
