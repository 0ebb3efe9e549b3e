/** Ends the services of a server that is gone, in the way each of them asks for. Arguments: its name, an `Estate`. */
import { createRuntime } from "./create.ts";
import { RuntimeError } from "./errors.ts";
import { hasServices, type Estate } from "./lease.ts";

const estate = JSON.parse(process.argv[3] ?? "") as Estate;
if (hasServices(estate))
  try {
    const runtime = await createRuntime(estate);
    await runtime.close();
  } catch (error) {
    // A server came in the last moment, or the engine is away: then its containers are too.
    if (!(error instanceof RuntimeError)) throw error;
  }
