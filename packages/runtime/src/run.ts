import { execFile, type ExecFileException } from "node:child_process";

/** System tools are found here only, regardless of the operator's PATH. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const endOf = ({ message, code, signal, killed }: ExecFileException): string =>
  killed ? "it took too long" : signal ? `it was ended by ${signal}` : typeof code === "number" ? `exit code ${code}` : message;

/** Runs a system tool with a clean environment; rejects with its error output when it fails. */
export function run(
  argv: readonly [string, ...string[]],
  options: { input?: string; cwd?: string; timeoutMs?: number } = {},
): Promise<string> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { env: { PATH: systemPath, LANG: "C.UTF-8" }, cwd: options.cwd, timeout: options.timeoutMs ?? 20_000, maxBuffer: 16 << 20 },
      (error, stdout, stderr) =>
        error ? reject(new Error(`${file}: ${stderr.trim() || endOf(error)}`, { cause: error })) : resolve(stdout),
    );
    child.stdin?.on("error", () => {}); // it may exit without reading; its exit code reports the failure
    child.stdin?.end(options.input ?? "");
  });
}
