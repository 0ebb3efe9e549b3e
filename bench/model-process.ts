/** The scripted model in a separate process, so that its CPU time is not measured. Configured by messages: `{tokens, tokensPerSecond}`. */
import { load, script, startModelServer, turn } from "@tesslate/testkit";

export interface Load {
  /** Tokens of one answer. */
  tokens: number;
  tokensPerSecond: number;
}

const server = await startModelServer();
process.on("message", ({ tokens, tokensPerSecond }: Load) => {
  server.setScript(script([turn(load({ tokensPerSecond, tokens, isStamped: true }))], { repeat: true }));
  process.send?.({ isSet: true });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.openai_base_url });
