import { expect } from "vitest";
import type { Entry } from "@tesslate/runtime";
import type { TestUser } from "./app.ts";
import { setUpProject, type ProjectsApp } from "./projects.ts";

export const lines = (count: number, word = "line") => Array.from({ length: count }, (_, i) => `${word} ${i + 1}\n`).join("");

/**
 * Projects of one user that are git repositories with one commit: `a.txt` of forty lines, `b.txt`, `old.txt`. The first is created over the
 * API, the others are copies of its files.
 */
export function repositories(app: ProjectsApp, owner: TestUser) {
  const { git, files } = app.as(owner);
  let made: { first: Awaited<ReturnType<typeof git.commit>>; tree: { path: string; data: Uint8Array }[] } | undefined;

  const begin = async (project_id: string) => {
    const write = (path: string, content: string) => files.put({ params: { id: project_id, path }, body: { content } });
    expect(await git.init({ body: { project_id } })).toEqual({ initialized: true, branch: "main", remote_url: null });
    await write("a.txt", lines(40));
    await write("b.txt", "one\n");
    await write("old.txt", lines(12, "old"));
    const first = await git.commit({ body: { project_id, message: "  The first\n\nwith a body " } });
    const sandbox = await app.runtime.open({ id: project_id });
    const isKept = ({ path, isDirectory }: Entry) => !isDirectory && !path.startsWith(".git/hooks/");
    const found = (await sandbox.files.walk()).filter(isKept);
    const tree = await Promise.all(found.map(async ({ path }) => ({ path, data: (await sandbox.files.read(path)).data })));
    return { first, tree };
  };

  return async () => {
    const { project } = await setUpProject(app, owner);
    const project_id = project.id;
    const sandbox = await app.runtime.open({ id: project_id });
    if (made) for (const { path, data } of made.tree) await sandbox.files.write(path, data);
    else made = await begin(project_id);
    return {
      project_id,
      first: made.first,
      sandbox,
      write: (path: string, content: string) => files.put({ params: { id: project_id, path }, body: { content } }),
      read: async (path: string) => (await files.batch({ params: { id: project_id }, body: { paths: [path] } })).files[0]?.content,
      inside: async (...argv: string[]) => {
        const { stdout, stderr, exitCode } = await sandbox.exec(argv);
        if (exitCode !== 0) throw new Error(stderr);
        return stdout;
      },
      status: () => git.status({ params: { project_id } }),
    };
  };
}
