import { stripVTControlCharacters } from "node:util";
import { defineTool, done, failed, ToolFailure, type Tool } from "@tesslate/agent";
import { Type } from "@tesslate/contract";
import { isUuid } from "../../../platform/uuid.ts";
import { workingDirOf } from "../../runtime/containers/index.ts";
import { category, ItemId, mutatingGate, reportingErrors, type GraphAccess } from "./graph-access.ts";

/** In plan mode the workspace runs it read-only. */
const commands = { approval: true, plan_blocked: false, read_only: false };
const free = { approval: false, plan_blocked: false, read_only: false };
const defaultSeconds = 120;
const maxSeconds = 600;
const maxOutputChars = 40_000;

/** Commands and terminals in containers. `opened` collects the terminals that they opened. */
export function terminalTools({ services: { shell }, runOf, rowOf }: GraphAccess, opened: Set<string>): Tool[] {
  return [
    defineTool({
      name: "graph_shell_open",
      category,
      description: "Open a terminal in a running container, for the person; it ends with this run. To run a command use graph_shell_exec.",
      parameters: Type.Object({ container_id: ItemId, command: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })) }),
      gate: mutatingGate,
      run: reportingErrors(async ({ container_id, command = "/bin/sh" }: { container_id: string; command?: string }) => {
        const { project: own, row } = await rowOf(container_id);
        const session = await shell.create(runOf().user_id, { project_id: own.id, container_name: row.service_key, command });
        opened.add(session.id);
        return done(`Opened a terminal in ${row.name}.`, {
          session_id: session.id,
          container_id: row.id,
          container_name: row.name,
          command,
        });
      }),
    }),
    defineTool({
      name: "graph_shell_exec",
      category,
      description: "Run a command with /bin/sh in a container's folder and wait for its end.",
      parameters: Type.Object({
        container_id: ItemId,
        command: Type.String({ minLength: 1 }),
        timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSeconds, description: "Seconds, default 120" })),
      }),
      gate: commands,
      timeLimitMs: ({ timeout = defaultSeconds }) => timeout * 1_000 + 10_000,
      run: reportingErrors(
        async (
          { container_id, command, timeout = defaultSeconds }: { container_id: string; command: string; timeout?: number },
          context,
        ) => {
          const { row } = await rowOf(container_id);
          if (row.deployment_mode === "external") throw new ToolFailure(`${row.name} is an external service and does not run here.`);
          const result = await runOf().workspace.exec(["/bin/sh", "-c", command], {
            cwd: workingDirOf(row),
            timeoutMs: timeout * 1_000,
            signal: context.signal,
            readOnly: context.editMode === "plan",
            maxOutputBytes: 1024 * 1024,
          });
          const output = ends(result.stdout + result.stderr);
          const fields = {
            container_id: row.id,
            container_name: row.name,
            output,
            exit_code: result.exitCode,
            details: { command, exit_code: result.exitCode },
          };
          if (result.aborted) return failed("The command was stopped with the run.", fields);
          if (result.timedOut) return failed(`The command did not end within ${timeout} s; it and its children were killed.`, fields);
          if (result.exitCode === 0) return done("Exit code 0.", fields);
          return failed(
            result.exitCode === null ? `The command was ended by ${result.signal ?? "a signal"}.` : `Exit code ${result.exitCode}.`,
            fields,
          );
        },
      ),
    }),
    defineTool({
      name: "graph_shell_close",
      category,
      description: "Close a terminal.",
      parameters: Type.Object({ session_id: ItemId }),
      gate: free,
      run: reportingErrors(async ({ session_id }: { session_id: string }) => {
        const { user_id, project: own } = runOf();
        const session = isUuid(session_id) ? await shell.get(user_id, session_id) : undefined;
        if (session?.project_id !== own.id) throw new ToolFailure(`There is no terminal ${session_id} in this project.`);
        await shell.remove(user_id, session_id);
        opened.delete(session_id);
        return done("Closed the terminal.", { session_id });
      }),
    }),
  ];
}

/** Without colours; truncated in the middle. */
function ends(text: string): string {
  const plain = stripVTControlCharacters(text);
  const half = maxOutputChars / 2;
  return plain.length <= maxOutputChars ? plain : `${plain.slice(0, half)}\n… output left out …\n${plain.slice(-half)}`;
}
