import { emailAad } from "../../apps/server/src/platform/mail.store.ts";
import type { CryptoBox } from "../../apps/server/src/platform/crypto.ts";
import type { Person } from "./people.ts";
import { createRandom, demoId } from "./random.ts";
import { dayMs, hourMs, iso, type Rows } from "./rows.ts";
import type { DemoProject, DemoRun } from "./work.ts";

/** What administrators did in the last weeks. */
export function addAudit(rows: Rows, people: readonly Person[], projects: readonly DemoProject[], now: number): void {
  const admins = people.filter(({ state }) => state === "admin");
  const others = people.filter(({ state }) => state !== "admin");
  const random = createRandom("audit");
  const add = (
    at: number,
    entry: Pick<Rows["auditLog"][number], "action_type" | "target_type" | "target_id" | "target_name" | "reason" | "extra_data">,
  ) => {
    const admin = random.pick(admins);
    rows.auditLog.push({
      id: demoId("audit", rows.auditLog.length),
      admin_id: admin.id,
      admin_name: admin.username,
      ip_address: "203.0.113.24",
      user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
      created_at: iso(at),
      ...entry,
    });
  };
  for (let n = 46; n > 0; n--) {
    const at = now - n * 15 * hourMs - random.between(0, 600) * 60_000;
    const person = random.pick(others);
    const target = { target_type: "user" as const, target_id: person.id, target_name: person.username };
    const project = random.pick(projects);
    const kind = random.between(0, 8);
    if (kind === 0)
      add(at, { ...target, action_type: "user.credits_adjusted", reason: "Hackathon", extra_data: { amount: 500, before: 0, after: 500 } });
    else if (kind === 1)
      add(at, {
        ...target,
        action_type: "user.tier_changed",
        reason: "Moved to the yearly invoice",
        extra_data: { before: "basic", after: "pro" },
      });
    else if (kind === 2)
      add(at, { ...target, action_type: "user.sessions_ended", reason: "Lost laptop", extra_data: { ended_sessions: 3 } });
    else if (kind === 3) add(at, { ...target, action_type: "user.password_reset", reason: "Asked by phone", extra_data: {} });
    else if (kind === 4) add(at, { ...target, action_type: "user.impersonated", reason: "Reproducing a reported error", extra_data: {} });
    else if (kind === 5)
      add(at, {
        action_type: "project.stop",
        target_type: "project",
        target_id: project.id,
        target_name: project.name,
        reason: "Unused for a month",
        extra_data: { owner_id: project.owner.id },
      });
    else if (kind === 6)
      add(at, {
        action_type: "server.mail_tried",
        target_type: "server",
        target_id: null,
        target_name: null,
        reason: null,
        extra_data: {},
      });
    else if (kind === 7)
      add(at, {
        action_type: "feedback.status_changed",
        target_type: "feedback",
        target_id: demoId("feedback", random.between(0, 11)),
        target_name: "Show the cost of a run before it starts",
        reason: null,
        extra_data: { before: "open", after: "in_progress" },
      });
    else
      add(at, {
        action_type: "agent.feature",
        target_type: "agent",
        target_id: demoId("agent", "SQL tuner"),
        target_name: "SQL tuner",
        reason: null,
        extra_data: {},
      });
  }
  const suspended = people.find(({ state }) => state === "suspended");
  if (suspended)
    add(now - 2 * dayMs, {
      action_type: "user.suspend",
      target_type: "user",
      target_id: suspended.id,
      target_name: suspended.username,
      reason: "611 runs in a day from nine sessions, on the free plan",
      extra_data: { ended_sessions: 9 },
    });
  // The log has the order in which rows are inserted.
  rows.auditLog.sort((a, b) => ((a.created_at ?? "") < (b.created_at ?? "") ? -1 : 1));
}

const emailKinds = [
  { kind: "verify", subject: "Confirm your email address", text: "Open this link to confirm your email address." },
  { kind: "reset", subject: "Reset your password", text: "Open this link to choose a new password." },
  { kind: "notice", subject: "Your run has ended", text: "“Filter and search” is completed: 4 files changed." },
  { kind: "code", subject: "Your sign-in code", text: "Enter this code to sign in." },
] as const;

/** Emails of the last week: most were sent, some are kept or failed. */
export function addEmails(rows: Rows, people: readonly Person[], box: Pick<CryptoBox, "seal">, now: number): void {
  const random = createRandom("emails");
  for (let n = 0; n < 36; n++) {
    const id = demoId("email", n);
    const { kind, subject, text } = random.pick(emailKinds);
    const person = random.pick(people);
    const at = now - random.between(0, 6 * 24 * 60) * 60_000;
    const status = n % 9 === 4 ? "failed" : n % 7 === 3 ? "kept" : "sent";
    rows.emails.push({
      id,
      kind,
      recipient: person.email,
      status,
      attempts: status === "failed" ? 9 : status === "sent" ? 1 : 0,
      last_error: status === "failed" ? "550 5.1.1 The email account that you tried to reach does not exist" : null,
      encrypted_content: status === "kept" ? box.seal(JSON.stringify({ subject, text, html: `<p>${text}</p>` }), emailAad(id)) : null,
      next_attempt_at: iso(at),
      created_at: iso(at),
      sent_at: status === "sent" ? iso(at + 3000) : null,
    });
  }
}

/** What the server kept of each day. */
export function addDays(rows: Rows, runs: readonly DemoRun[], now: number): void {
  const random = createRandom("days");
  const dateOf = (ms: number) => iso(ms).slice(0, 10);
  let disk = 21 * 1024 ** 3;
  for (let age = 119; age >= 0; age--) {
    const day = dateOf(now - age * dayMs);
    const ended = runs.filter(({ at, isFailed }) => isFailed !== null && dateOf(at) === day);
    // Grows, and shrinks when old versions are removed.
    disk += random.between(40, 420) * 1024 ** 2 - (age % 21 === 0 ? 3 * 1024 ** 3 : 0);
    rows.serverDays.push({ day, ended_runs: ended.length, failed_runs: ended.filter(({ isFailed }) => isFailed).length, disk_bytes: disk });
  }
}

/** Work of the server besides runs, of the last day. */
export function addTasks(rows: Rows, projects: readonly DemoProject[], now: number): void {
  const random = createRandom("tasks");
  for (let n = 0; n < 14; n++) {
    const project = random.pick(projects);
    const at = now - random.between(5, 22 * 60) * 60_000;
    const isFailed = n % 6 === 2;
    rows.tasks.push({
      id: demoId("task", n),
      user_id: project.owner.id,
      project_id: project.id,
      type: random.pick(["project_creation", "deployment", "container_start"]),
      status: isFailed ? "failed" : "completed",
      progress_current: isFailed ? 40 : 100,
      progress_message: isFailed ? "Failed" : "Completed",
      error: isFailed ? "The start command ended with code 1." : null,
      created_at: iso(at),
      started_at: iso(at + 200),
      completed_at: iso(at + random.between(800, 60_000)),
    });
  }
}
