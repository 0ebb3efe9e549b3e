import { describe, expect, test } from "vitest";
import { createCryptoBox } from "../../../platform/crypto.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { createEnvironmentVault } from "./environment.ts";

const vault = createEnvironmentVault({ box: createCryptoBox("a secret key of thirty-two bytes!") });
const row = (id: string, encrypted: Buffer | null = null) => ({ id, environment_vars: encrypted }) as ContainerRow;

describe("the vault", () => {
  test("sets, replaces and deletes variables and returns names only", () => {
    const first = vault.change(row("a"), { TOKEN: "s3cret", B: "2" }, []);
    expect(first.env_var_keys).toEqual(["B", "TOKEN"]);
    expect(first.environment_vars?.toString("latin1")).not.toContain("s3cret");
    const second = vault.change(row("a", first.environment_vars), { B: "3" }, ["TOKEN", "UNKNOWN"]);
    expect(vault.open(row("a", second.environment_vars))).toEqual({ B: "3" });
    expect(vault.change(row("a", second.environment_vars), {}, ["B"])).toEqual({ environment_vars: null, env_var_keys: [] });
  });
  test("one row's variables cannot be decrypted in another row", () => {
    const { environment_vars } = vault.change(row("a"), { A: "1" }, []);
    expect(() => vault.open(row("b", environment_vars))).toThrow();
  });
  test.each(["1A", "A-B", "", "A B", "Ä"])("rejects the name %j", (key) =>
    expect(() => vault.change(row("a"), { [key]: "x" }, [])).toThrow(/variable/),
  );
  test("rejects more than a process can receive", () =>
    expect(() => vault.change(row("a"), { A: "x".repeat(130_000), B: "x".repeat(10_000) }, [])).toThrow(/128 KiB/));
});
