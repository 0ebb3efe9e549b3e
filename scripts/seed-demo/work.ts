import { cards, failures, projects as contents, requests, variants } from "./content.ts";
import type { Person } from "./people.ts";
import { createRandom, demoId, type Random } from "./random.ts";
import { dayMs, hourMs, iso, type Rows } from "./rows.ts";

export interface DemoProject {
  id: string;
  slug: string;
  name: string;
  template: string;
  owner: Person;
  created: number;
  updated: number;
}
/** A project that the running server created, with files. */
export interface ServedProject {
  id: string;
  slug: string;
}
export interface DemoRun {
  id: string;
  project: DemoProject;
  at: number;
  credits: number;
  costCents: number;
  /** Null: cancelled. */
  isFailed: boolean | null;
}

const runType = "agent_execution";
export const models = [
  { id: "anthropic/claude-sonnet-4.6", input: 3, output: 15 },
  { id: "openai/gpt-5.1", input: 1.25, output: 10 },
  { id: "google/gemini-3-pro", input: 2, output: 12 },
  { id: "ollama/qwen3:8b", input: 0, output: 0 },
] as const;
const frameworks: Record<string, { framework: string | null; port: number; command: string[] }> = {
  "react-vite": { framework: "vite", port: 5173, command: ["node_modules/.bin/vite"] },
  nextjs: { framework: "nextjs", port: 3000, command: ["node_modules/.bin/next", "dev"] },
  "full-stack": { framework: "vite", port: 5173, command: ["node_modules/.bin/vite"] },
  astro: { framework: "astro", port: 4321, command: ["node_modules/.bin/astro", "dev"] },
  "node-api": { framework: "hono", port: 3000, command: ["node", "--watch", "index.ts"] },
  "fastapi-react": { framework: "vite", port: 5173, command: ["node_modules/.bin/vite"] },
  fastapi: { framework: "fastapi", port: 8000, command: [".venv/bin/python", "-m", "app"] },
  static: { framework: null, port: 3000, command: ["node", "server.mjs"] },
};

export const projectCount = 87;
/** The projects of the first administrator that a running server creates, so that they have files. */
export const servedCount = 6;

/** Their owners have them in proportion to their activity; the first ones belong to the first administrator. */
export function createProjects(people: readonly Person[], now: number, served: readonly ServedProject[]): DemoProject[] {
  const random = createRandom("projects");
  const [admin] = people;
  if (!admin) throw new Error("there are no people");
  const owners = people.flatMap((person) => Array.from({ length: person.activity }, () => person));
  return Array.from({ length: projectCount }, (_, index) => {
    const content = contents[index % contents.length];
    if (!content) throw new Error("there are no projects");
    const round = Math.floor(index / contents.length);
    const name = round === 0 ? content.name : `${content.name} ${variants[(index + round) % variants.length]}`;
    const owner = index < servedCount ? admin : random.pick(owners);
    // More in the last weeks than in the first.
    const age = Math.min((now - owner.joined) / dayMs, 115) * random.next() ** 1.4;
    const created = now - age * dayMs - random.between(1, 20) * hourMs;
    const updated = Math.min(now - random.between(0, 90) * 60_000, created + (now - created) * random.next() ** 0.5);
    const real = served[index];
    return {
      id: real?.id ?? demoId("project", index),
      slug: real?.slug ?? `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-demo${index + 1}`,
      name,
      template: real ? "static" : content.template,
      owner,
      created,
      updated,
    };
  });
}

export function addProjects(rows: Rows, projects: readonly DemoProject[], served: number): void {
  projects.forEach((project, index) => {
    const random = createRandom(`project ${index}`);
    const isServed = index < served;
    const isFailed = !isServed && random.chance(0.05);
    const isHibernated = !isServed && !isFailed && random.chance(0.35);
    const content = contents[index % contents.length];
    if (!isServed)
      rows.projects.push({
        id: project.id,
        owner_id: project.owner.id,
        name: project.name,
        slug: project.slug,
        description: content?.description ?? null,
        template_slug: project.template,
        environment_status: isFailed ? "setup_failed" : isHibernated ? "hibernated" : "stopped",
        stop_reason: isFailed ? null : isHibernated ? "idle" : random.pick(["idle", "user", "limit"] as const),
        hibernated_at: isHibernated ? iso(project.updated + 2 * hourMs) : null,
        has_git_repo: !isFailed,
        last_activity: iso(project.updated),
        disk_bytes: isFailed ? null : random.between(4, 900) * 1_048_576,
        created_at: iso(project.created),
        updated_at: iso(project.updated),
      });
    if (isServed || isFailed) return;
    const runs = frameworks[project.template];
    const apps = [
      { name: "Web", key: "web", directory: ".", ...runs, service: null },
      ...(project.template === "full-stack"
        ? [
            {
              name: "API",
              key: "api",
              directory: "server",
              framework: "hono",
              port: 3001,
              command: ["node", "--watch", "index.ts"],
              service: null,
            },
            {
              name: "PostgreSQL",
              key: "postgresql",
              directory: "services/postgres",
              framework: null,
              port: 5432,
              command: null,
              service: "postgres",
            },
          ]
        : []),
    ];
    apps.forEach((app, position) => {
      const hasCrashed = app.service === null && random.chance(0.04);
      rows.containers.push({
        id: demoId("container", index, app.key),
        project_id: project.id,
        name: app.name,
        service_key: app.key,
        host_label: `${project.slug}-${app.key}`.slice(-60).replace(/^-+/, ""),
        directory: app.directory,
        container_name: `${project.slug}-${app.key}`,
        start_command: app.command ?? null,
        framework: app.framework ?? null,
        internal_port: app.port ?? null,
        container_type: app.service === null ? "base" : "service",
        service_slug: app.service,
        position_x: position * 280,
        position_y: (position % 2) * 180,
        status: hasCrashed ? "failed" : "stopped",
        status_message: hasCrashed ? "Exited with code 1: Cannot find module “./routes.ts”" : null,
        exit_code: hasCrashed ? 1 : null,
        created_at: iso(project.created + position * 1000),
        updated_at: iso(project.updated),
      });
    });
  });
}

/** Chats with ended runs. A run has a message, an answer with its steps, the calls of the model, and in its last 30 days a task. */
export function addChats(rows: Rows, projects: readonly DemoProject[], now: number): DemoRun[] {
  const runs: DemoRun[] = [];
  projects.forEach((project, index) => {
    const random = createRandom(`chats ${index}`);
    const count = random.between(1, 2 + Math.round(project.owner.activity / 3));
    for (let n = 0; n < count; n++) {
      const chatId = demoId("chat", index, n);
      const topics = random.some(requests, random.between(1, 5));
      const span = Math.max(project.updated - project.created, hourMs);
      const begin = project.created + (span * n) / count;
      const moments = topics.map((_, topic) => begin + (span / count) * ((topic + random.next()) / topics.length));
      const last = moments.at(-1) ?? begin;
      const chatRows = topics.map((topic, position) =>
        addRun(rows, { random, project, now, chatId, position, topic, at: moments[position] ?? begin, key: [index, n, position] }),
      );
      rows.chats.push({
        id: chatId,
        user_id: project.owner.id,
        project_id: project.id,
        title: topics[0]?.title ?? null,
        status: chatRows.at(-1)?.isFailed ? "active" : "completed",
        created_at: iso(begin),
        updated_at: iso(last + 4 * 60_000),
      });
      runs.push(...chatRows.map(({ run }) => run));
    }
  });
  return runs;
}

interface RunPlan {
  random: Random;
  project: DemoProject;
  now: number;
  chatId: string;
  position: number;
  topic: (typeof requests)[number];
  at: number;
  key: [number, number, number];
}
function addRun(rows: Rows, { random, project, now, chatId, position, topic, at, key }: RunPlan): { run: DemoRun; isFailed: boolean } {
  const id = demoId("run", ...key);
  const [question, answer] = [demoId("question", ...key), demoId("answer", ...key)];
  const model = random.pick(models);
  const failure = random.chance(0.08) ? random.pick(failures) : undefined;
  const isCancelled = !failure && random.chance(0.04);
  const stepCount = random.between(2, 5);
  const durationMs = stepCount * random.between(9_000, 38_000);
  const ended = Math.min(at + durationMs, now);
  const isOwnKey = model.input === 0 || random.chance(0.12);
  let [tokensIn, tokensOut, cost, credits] = [0, 0, 0, 0];
  for (let call = 0; call < stepCount; call++) {
    const moment = at + (durationMs * (call + 1)) / (stepCount + 1);
    const [input, output] = [random.between(6_000, 60_000), random.between(300, 3_500)];
    const [costInput, costOutput] = [(input * model.input) / 10_000, (output * model.output) / 10_000];
    const charged = isOwnKey ? 0 : Math.round(costInput + costOutput);
    tokensIn += input;
    tokensOut += output;
    cost += costInput + costOutput;
    credits += charged;
    rows.usageLogs.push({
      id: demoId("usage", ...key, call),
      user_id: project.owner.id,
      project_id: project.id,
      chat_id: chatId,
      task_id: id,
      model: model.id,
      tokens_input: input,
      tokens_output: output,
      tokens_cached: Math.round(input * 0.6),
      cost_input: costInput.toFixed(8),
      cost_output: costOutput.toFixed(8),
      cost_total: (costInput + costOutput).toFixed(8),
      credits_deducted: charged,
      is_byok: isOwnKey,
      billed_status: charged > 0 ? "credited" : "exempt",
      request_id: `demo:${demoId("usage", ...key, call)}`,
      created_at: iso(moment),
    });
    rows.agentSteps.push({
      id: demoId("step", ...key, call),
      message_id: answer,
      chat_id: chatId,
      step_index: call,
      step_data: stepOf(topic, call, call + 1 === stepCount, iso(moment)),
      created_at: iso(moment),
    });
  }
  const changes = { files: random.between(1, 9), additions: random.between(12, 420), deletions: random.between(0, 160) };
  rows.messages.push(
    { id: question, chat_id: chatId, role: "user", content: topic.ask, position: position * 2, created_at: iso(at), updated_at: iso(at) },
    {
      id: answer,
      chat_id: chatId,
      role: "assistant",
      content: failure?.message ?? (isCancelled ? "The run was stopped." : topic.answer),
      position: position * 2 + 1,
      message_metadata: {
        agent_mode: true,
        agent_type: "TesslateAgent",
        executed_by: "worker",
        steps_table: true,
        task_id: id,
        agent_id: null,
        model: model.id,
        edit_mode: "allow",
        completion_reason: failure ? "error" : isCancelled ? "cancelled" : "no_more_actions",
        iterations: stepCount,
        tool_calls_made: stepCount,
        session_id: chatId,
        trajectory_path: null,
        cost_cents: cost,
        duration_ms: durationMs,
        usage: {
          tokens_in: tokensIn,
          tokens_out: tokensOut,
          credits,
          cost_cents: cost,
          cost_limit_cents: null,
          context_used: tokensIn / stepCount,
          context_window: 200_000,
        },
        ...(failure && { error: failure.message }),
        changes,
      },
      created_at: iso(at + 40),
      updated_at: iso(ended),
    },
  );
  // The server deletes tasks of ended runs after 30 days.
  if (now - at < 29 * dayMs)
    rows.tasks.push({
      id,
      user_id: project.owner.id,
      project_id: project.id,
      chat_id: chatId,
      type: runType,
      status: failure ? "failed" : isCancelled ? "cancelled" : "completed",
      progress_current: 100,
      progress_message: failure ? "Failed" : isCancelled ? "Cancelled" : "Completed",
      input: { chat_id: chatId, message_id: answer, user_message_id: question, resumes: null, model_id: model.id, agent_id: null },
      error: failure?.message ?? null,
      error_code: failure?.code ?? null,
      created_at: iso(at),
      started_at: iso(at + 60),
      completed_at: iso(ended),
    });
  return {
    run: { id, project, at, credits, costCents: cost, isFailed: isCancelled ? null : failure !== undefined },
    isFailed: failure !== undefined,
  };
}

function stepOf(
  topic: (typeof requests)[number],
  call: number,
  isLast: boolean,
  timestamp: string,
): Rows["agentSteps"][number]["step_data"] {
  const calls = [
    {
      name: "read_file",
      parameters: { file_path: topic.path },
      result: { success: true, tool: "read_file", result: { message: `Read ${topic.path}`, file_path: topic.path } },
    },
    {
      name: "run_command",
      parameters: { command: "npm test" },
      result: { success: true, tool: "run_command", result: { message: "Exit code 0", exit_code: 0, output: "✓ 14 tests passed (1.2 s)" } },
    },
    {
      name: "write_file",
      parameters: { file_path: topic.path, content: "export {};\n" },
      result: { success: true, tool: "write_file", result: { message: `Wrote ${topic.path}`, file_path: topic.path } },
    },
  ];
  const tool = call === 0 ? calls[0] : isLast ? calls[1] : calls[2];
  if (!tool) throw new Error("a step has no call");
  return {
    iteration: call + 1,
    thought: null,
    tool_calls: [tool],
    response_text: call === 0 ? "I’ll look at what exists first." : isLast ? "I’ll run the tests." : "",
    timestamp,
    is_complete: false,
  };
}

const columns = [
  { name: "Backlog", color: "gray", is_backlog: true },
  { name: "To Do", color: "blue" },
  { name: "In Progress", color: "orange" },
  { name: "Review", color: "purple" },
  { name: "Done", color: "green", is_completed: true },
] as const;

/** Boards with cards and comments, and notes. */
export function addPlanning(rows: Rows, projects: readonly DemoProject[], people: readonly Person[]): void {
  projects.forEach((project, index) => {
    const random = createRandom(`planning ${index}`);
    const created = iso(project.created + hourMs);
    if (index === 0 || random.chance(0.6))
      rows.projectNotes.push({
        project_id: project.id,
        content: `# ${project.name}\n\n## Decisions\n\n- Dates are stored in UTC and shown in the reader’s time zone.\n- The list is filtered on the server.\n\n## Open questions\n\n- Who may delete entries?\n- Do we need a second language?\n`,
        updated_at: iso(project.updated),
      });
    if (index > 0 && random.chance(0.45)) return;
    const boardId = demoId("board", index);
    const chosen = random.some(cards, random.between(5, cards.length));
    rows.boards.push({
      id: boardId,
      project_id: project.id,
      name: `${project.name} Board`,
      last_ref: chosen.length,
      created_at: created,
      updated_at: created,
    });
    columns.forEach((column, position) =>
      rows.boardColumns.push({
        id: demoId("column", index, position),
        board_id: boardId,
        position,
        created_at: created,
        updated_at: created,
        ...column,
      }),
    );
    const filled = columns.map(() => 0);
    chosen.forEach(([title, type, priority], n) => {
      const at = random.between(0, columns.length - 1);
      const id = demoId("card", index, n);
      const moment = project.created + random.next() * (project.updated - project.created);
      rows.cards.push({
        id,
        board_id: boardId,
        column_id: demoId("column", index, at),
        ref_number: n + 1,
        title,
        description: random.chance(0.4) ? "Reported by two people. Steps and a picture are in the chat." : null,
        position: filled[at] ?? 0,
        priority,
        task_type: type,
        tags: random.some(["ui", "api", "data", "launch"], random.between(0, 2)),
        reporter_id: project.owner.id,
        assignee_id: random.chance(0.5) ? project.owner.id : null,
        estimate_hours: random.chance(0.5) ? random.between(1, 12) : null,
        due_date: random.chance(0.3) ? iso(moment + random.between(5, 30) * dayMs) : null,
        completed_at: at === 4 ? iso(moment + dayMs) : null,
        created_at: iso(moment),
        updated_at: iso(moment),
      });
      filled[at] = (filled[at] ?? 0) + 1;
      if (random.chance(0.25))
        rows.cardComments.push({
          id: demoId("card comment", index, n),
          card_id: id,
          user_id: random.pick([project.owner, ...people.slice(0, 2)]).id,
          content: "The export has the same error.",
          created_at: iso(moment + hourMs),
        });
    });
  });
}

/** Versions of a third of the projects, at remote providers: nothing of them is served by this server. */
export function addDeployments(rows: Rows, projects: readonly DemoProject[], served: number): void {
  projects.forEach((project, index) => {
    const random = createRandom(`deployments ${index}`);
    const containerId = demoId("container", index, "web");
    if (index < served || !rows.containers.some(({ id }) => id === containerId) || random.chance(0.55)) return;
    const provider = random.pick(["vercel", "netlify", "cloudflare"] as const);
    const count = random.between(1, 6);
    const failed = Array.from({ length: count }, (_, n) => n > 0 && random.chance(0.2));
    const live = failed.lastIndexOf(false);
    for (let n = 0; n < count; n++) {
      const id = demoId("deployment", index, n);
      const begin = project.created + ((project.updated - project.created) * (n + 1)) / (count + 1);
      const end = begin + random.between(18, 140) * 1000;
      const isFailed = failed[n] === true;
      rows.deployments.push({
        id,
        project_id: project.id,
        user_id: project.owner.id,
        container_id: containerId,
        container_name: "Web",
        provider,
        version: n + 1,
        status: isFailed ? "failed" : "success",
        is_active: false,
        is_live: n === live,
        mode: "pre-built",
        framework:
          frameworks[project.template]?.framework === "vite"
            ? "vite"
            : frameworks[project.template]?.framework === "nextjs"
              ? "nextjs"
              : "unknown",
        remote_id: isFailed ? null : `dpl_${id.slice(0, 12)}`,
        deployment_url: isFailed ? null : `https://${project.slug}.${provider}.example`,
        error: isFailed ? "The build failed: “tsc -b” exited with code 2." : null,
        failure: isFailed ? { step: "build", code: null, path: "src/App.tsx", line: 12 } : null,
        files: isFailed ? null : random.between(8, 240),
        bytes: isFailed ? null : random.between(80_000, 6_000_000),
        created_at: iso(begin),
        updated_at: iso(end),
        completed_at: iso(end),
      });
      [
        "Installing packages",
        "npm run build",
        isFailed ? "src/App.tsx(12,7): error TS2322" : "Build completed",
        isFailed ? "Build failed" : "Uploaded and live",
      ].forEach((line, seq) => rows.deploymentLogs.push({ deployment_id: id, seq: seq + 1, line }));
    }
  });
}
