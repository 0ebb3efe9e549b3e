/** Aborts when Ctrl-C, a terminal that closes or whoever stops this process asks for its end. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => {
      if (!controller.signal.aborted) process.stderr.write(`\n${name}: ending what runs …\n`);
      controller.abort();
    });
  return controller.signal;
}
