/** Aborts on Ctrl-C, SIGTERM, or when the terminal closes. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => {
      if (!controller.signal.aborted) process.stderr.write(`\n${name}: stopping …\n`);
      controller.abort();
    });
  return controller.signal;
}
