import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { eq } from "drizzle-orm";
import { expect } from "vitest";
import type { AgentDetail, Task } from "@tesslate/contract";
import { freePort, call, png, say, script, when, type ScriptItem } from "@tesslate/testkit";
import { oauthAccounts, passkeys } from "../../db/schema/accounts.ts";
import { payments, subscriptions } from "../../db/schema/billing.ts";
import { containers } from "../../db/schema/runtime.ts";
import { emails } from "../../db/schema/platform.ts";
import { evidencePictures, runEvidence } from "../../db/schema/agent/runs.ts";
import { eventually, collect } from "../chat.ts";
import { type TestApp, type TestUser } from "../app.ts";
import { emptyProject } from "../sandbox.ts";

/** One object of every kind that has an owner, created over the API where possible. */
export interface MatrixWorld {
  user: TestUser;
  /** An API key with all scopes, for routes that accept keys only. */
  key: string;
  slug: string;
  /** Id by path prefix, for its last `{…}`. */
  at: Record<string, string>;
  /** Id by field name in body or query. */
  named: Record<string, string>;
}

/** Model script: the first chat writes a file and ends, the second waits for an approval. */
export const matrixScript = () =>
  script([
    when(/write it/, [call("write_file", { file_path: "notes/a.txt", content: "written" }), say("Written.")]),
    when(/wait for me/, [call("write_file", { file_path: "notes/b.txt", content: "later" }), say("No."), say("No."), say("No.")]),
    say("Yes."),
  ] satisfies ScriptItem[]);

const nord = JSON.parse(readFileSync(new URL("../../../../../themes/nord.json", import.meta.url), "utf8")) as Record<string, unknown>;
const ownTheme = Object.fromEntries(["name", "mode", "colors", "typography", "spacing", "animation"].map((field) => [field, nord[field]]));

/** Bodies that cannot be generated from the schema. */
export const bodies: Record<string, unknown> = {
  "themes.create": ownTheme,
  "models.configure": { kind: "demo", enabled: false },
  "plans.put": { steps: [{ step: "Look" }] },
  "previews.share": { expires_in: 3600 },
  "billing.verifyCheckout": { session_id: "cs_test_none" },
  "purchases.verify": { session_id: "cs_test_none" },
  "files.put": { content: "text" },
  "git.checkout": { project_id: "", branch: "main" },
  "git.restore": { project_id: "", paths: ["."], from: "main" },
  "domains.create": { container_id: "", hostname: "shop.example.com" },
  "domains.updateSite": { name: "some-name" },
  "domains.update": { is_primary: false },
  "deployments.create": { project_id: "", provider: "local" },
  "deployments.plan": { project_id: "", provider: "local" },
  "secrets.set": { key: "SAMPLE", value: "sample" },
  "projects.create": { name: "Sample" },
  "marketplaceBases.create": { name: "Sample", description: "Sample", git_repo_url: "https://git.example.com/sample", category: "saas" },
  "passkeys.remove": { current_password: "correct horse battery" },
  "linkedAccounts.remove": { current_password: "correct horse battery" },
  "secondFactor.removeTotp": { current_password: "correct horse battery" },
  "databases.change": { changes: [{ kind: "insert", schema: "public", table: "sample", values: {} }] },
  "databases.execute": { sql: "select 1", write: true },
  "chat.answer": { question_id: "00000000-0000-4000-8000-000000000000", choices: ["A"] },
};

const nothing = "00000000-0000-4000-8000-000000000000";

export async function makeWorld(app: TestApp, user: TestUser): Promise<MatrixWorld> {
  const api = app.as(user);
  const mark = randomBytes(4).toString("hex");
  const up = ["node", "-e", `require("http").createServer((q,s)=>s.end("up")).listen(process.env.PORT)`];
  const project = await emptyProject(app, user, { command: up });
  const [port, otherPort] = [await freePort(), await freePort()];
  await app.db.update(containers).set({ internal_port: port }).where(eq(containers.project_id, project.id));
  const params = { id: project.id };
  const secretKey = `TOKEN_${mark.toUpperCase()}`;
  const byProject = { project_id: project.id };
  const [other] = await app.db
    .insert(containers)
    .values({
      project_id: project.id,
      name: "api",
      service_key: "api",
      host_label: `${project.slug}-api`,
      container_name: `${project.slug}-api`,
      start_command: up,
      internal_port: otherPort,
    })
    .returning();
  const container = (await api.containers.list({ params, query: {} })).items.find(({ id }) => id !== other?.id);
  if (!container || !other) throw new Error("no containers");
  await api.files.put({ params: { ...params, path: "kept.txt" }, body: { content: mark } });
  await api.git.init({ body: byProject });
  await api.git.commit({ body: { ...byProject, message: mark } });
  // The branch name that generated queries use.
  await api.git.checkout({ body: { ...byProject, branch: "sample", create: true } });
  await api.git.checkout({ body: { ...byProject, branch: "main" } });

  const upload = async <T>(path: string): Promise<T> => {
    const form = new FormData();
    form.append("file", new File([new Uint8Array(png(2, 2))], "dot.png", { type: "image/png" }));
    const response = await app.request(path, { method: "POST", user, body: form });
    expect([200, 201], await response.clone().text()).toContain(response.status);
    return (await response.json()) as T;
  };
  const taskEnd = async (id: string | null): Promise<Task> => {
    for await (const { data } of api.tasks.events({ params: { task_id: id ?? "" } })) if (data.completed_at) return data;
    throw new Error("no end");
  };
  await api.files.put({ params: { ...params, path: "a/b.txt" }, body: { content: "text" } });

  // A finished run with evidence, and one that waits for an approval with a queued message.
  const chat = await api.chat.createSession({ body: { ...byProject, title: "Over" } });
  const over = collect(api.chat.stream({ body: { ...byProject, chat_id: chat.id, message: "write it", edit_mode: "allow" } }));
  const task_id = (await over.until("task_started")).task_id;
  await over.ended;
  const beside = await api.chat.createSession({ body: { ...byProject, title: "Beside" } });
  await collect(
    api.chat.stream({ body: { ...byProject, chat_id: beside.id, message: "write it", edit_mode: "allow", workspace: "branch" } }),
  ).ended;
  const [branch] = (await api.branches.list({ params })).items;
  if (!branch) throw new Error("no branch");
  const waiting = await api.chat.createSession({ body: { ...byProject, title: "Waiting" } });
  const open = collect(api.chat.stream({ body: { ...byProject, chat_id: waiting.id, message: "wait for me", edit_mode: "ask" } }));
  const { data: approval } = await open.until("approval_required");
  const proven = (await api.chat.get({ params: { chat_id: chat.id } })).messages.at(-1);
  const message = (await api.chat.get({ params: { chat_id: waiting.id } })).messages[0];
  if (!message || !proven) throw new Error("no message");
  const [evidence] = await app.db
    .insert(runEvidence)
    .values({ task_id, message_id: proven.id, project_id: project.id, user_id: user.id })
    .returning();
  const [picture] = await app.db
    .insert(evidencePictures)
    .values({ evidence_id: evidence?.id ?? "", position: 0, data: Buffer.from("jpeg").toString("base64") })
    .returning();
  const [subscription] = await app.db
    .insert(subscriptions)
    .values({ stripe_subscription_id: `sub_${mark}`, user_id: user.id, kind: "agent", status: "active", asked: 1 })
    .returning();
  const queued = await api.queue.add({ params: { chat_id: waiting.id }, body: { message: "next", edit_mode: "ask" } });
  await api.plans.put({ params: { chat_id: waiting.id }, body: { steps: [{ step: "Look" }] } });

  const snapshot = await api.snapshots.create({ params, body: { label: mark } });
  expect((await taskEnd(snapshot.task_id)).status).toBe("completed");
  const checkpoint = await eventually(async () => (await api.snapshots.checkpoints({ params, query: {} })).items[0]);
  const preview = await api.previews.create({ params, body: {} });
  const previewParams = { ...params, preview_id: preview.id };
  await api.previews.update({ params: previewParams, body: { connected_container_id: container.id } });
  const share = await api.previews.share({ params: previewParams, body: { expires_in: 3600 } });
  const connection = await api.connections.create({ params, body: { source_container_id: container.id, target_container_id: other.id } });
  const asset = await upload<{ id: string }>(`/api/projects/${project.id}/assets`);
  const attachment = await upload<{ id: string }>(`/api/chat/attachments?project_id=${project.id}`);
  await api.secrets.set({ params: byProject, body: { key: secretKey, value: `planted-${mark}` } });
  const column = await api.kanban.createColumn({ params: byProject, body: { name: "Extra" } });
  const card = await api.kanban.createCard({ params: byProject, body: { title: mark, column_id: column.id } });
  expect((await taskEnd((await api.projects.start({ params })).task_id)).error).toBe(null);
  const deployed = await api.deployments.create({ body: { ...byProject, provider: "local" } });
  expect((await taskEnd(deployed.task_id)).error).toBe(null);
  const domain = await api.domains.create({ params, body: { container_id: container.id, hostname: `${mark}.example.com` } });
  const target = await api.deploymentTargets.create({ params: byProject, body: { provider: "local" } });
  await api.deploymentTargets.attach({ params: { ...byProject, target_id: target.id, container_id: container.id } });
  const shell = await api.shell.create({ body: byProject });
  const key = await api.auth.createApiKey({ body: { name: mark, scopes: ["read"] } });
  const apiKey = await api.auth.createApiKey({ body: { name: "all", scopes: ["read", "write", "run"], edit_mode: "allow" } });
  const login = await api.auth.login({ body: { email: user.email, password: user.password } });
  const session = (await app.as({ token: login.access_token ?? "" }).auth.sessions({ query: {} })).items.find(({ current }) => current);
  const [email] = await app.db.select().from(emails).where(eq(emails.recipient, user.email));
  const [passkey] = await app.db
    .insert(passkeys)
    .values({ user_id: user.id, credential_id: mark, public_key: mark, counter: 0, transports: [], name: mark, is_synced: false })
    .returning();
  const [linked] = await app.db
    .insert(oauthAccounts)
    .values({ user_id: user.id, provider: "google", account_id: mark, account_email: user.email })
    .returning();
  const [payment] = await app.db
    .insert(payments)
    .values({ key: `pi_${mark}`, user_id: user.id, kind: "credits", amount_cents: 500, credits: 500 })
    .returning();
  const modelKey = await api.modelKeys.create({ body: { provider: "anthropic", api_key: `sk-ant-${mark}-0123456789` } });
  const provider = await api.modelKeys.createCustomProvider({ body: { name: mark, slug: `p${mark}`, base_url: "http://127.0.0.1:9/v1" } });
  const model = await api.models.addCustom({ body: { model_id: `openai/${mark}` } });
  await api.gitProviders.connect({
    params: { provider: "git" },
    body: { token: `planted-git-${mark}`, base_url: "https://127.0.0.1:9" },
  });
  const mcp = await api.mcp.create({ body: { name: mark, transport: "http", url: "http://127.0.0.1:9/mcp" } });
  const deploymentCredential = await api.deploymentCredentials.save({
    body: { provider: "netlify", access_token: `planted-${mark}`, skip_validation: true },
  });
  const theme = await api.themes.fork({ params: { id: "nord" } });
  const me = await api.users.updateMe({
    body: { avatar_url: `data:image/png;base64,${Buffer.from(png(2, 2)).toString("base64")}` },
  });
  const exported = await api.account.export();
  expect((await taskEnd(exported.task_id)).status).toBe("completed");
  const post = await api.feedback.create({ body: { type: "bug", title: mark, description: mark } });
  const comment = await api.feedback.comment({ params: { id: post.id }, body: { content: mark } });
  const agent = (await api.library.agents({ query: {} })).items[0];
  const ownAgent = await api.marketplaceAgents.create({
    body: { name: `Agent ${mark}`, description: mark, system_prompt: mark, is_published: false },
  });
  const screenshot = (await upload<AgentDetail>(`/api/marketplace/agents/${ownAgent.id}/screenshots`)).screenshots[0];
  // Not of the agent whose icon is deleted.
  const pictured = await api.marketplaceAgents.create({
    body: { name: `Pictured ${mark}`, description: mark, system_prompt: mark, is_published: false },
  });
  const icon = (await upload<AgentDetail>(`/api/marketplace/agents/${pictured.id}/icon`)).avatar_url?.split("/").slice(-2) ?? [];
  const base = await api.marketplaceBases.create({
    body: { name: `Base ${mark}`, description: mark, git_repo_url: `https://git.example.com/${mark}`, category: "saas" },
  });
  await api.library.addProjectAgent({ params: { ...params, agent_id: ownAgent.id } });
  if (!agent || !session) throw new Error("no agent or session");
  // The machine may lack the browser that takes them; where it has one, they may be there already.
  await app.studio.database.pool.query(
    "insert into project_pictures (project_id, light, dark) values ($1, 'eA==', 'eA==') on conflict (project_id) do nothing",
    [project.id],
  );

  const chats = "/api/chat/{chat_id}";
  const projects = "/api/projects/{id}";
  const runs = "/api/chat/runs/{task_id}";
  const targets = "/api/deployment-targets/{project_id}";
  return {
    user,
    key: apiKey.key,
    slug: project.slug,
    at: {
      [projects]: project.id,
      [`${projects}/containers/{container_id}`]: container.id,
      [`${projects}/connections/{conn_id}`]: connection.id,
      [`${projects}/databases/{database_id}`]: nothing,
      "/api/projects/templates/{slug}": "react-vite",
      "/api/projects/templates/{slug}/pictures/{theme}": "light",
      [`${projects}/pictures/{theme}`]: "light",
      [`${projects}/element-edits/{edit_id}`]: nothing,
      [`${projects}/sites/{container_id}`]: container.id,
      [`${projects}/domains/{domain_id}`]: domain.id,
      [`${projects}/query-history/{entry_id}`]: nothing,
      [`${projects}/assets/{asset_id}`]: asset.id,
      [`${projects}/previews/{preview_id}`]: preview.id,
      [`${projects}/previews/{preview_id}/share/{share_id}`]: share.id,
      [`${projects}/snapshots/{snapshot_id}`]: snapshot.id,
      [`${projects}/checkpoints/{checkpoint_id}`]: checkpoint.id,
      [`${projects}/branches/{branch_id}`]: branch.id,
      ...Object.fromEntries(
        ["status", "branches", "log", "diff", "conflicts", "info", "remote"].map((noun) => [`/api/git/${noun}/{project_id}`, project.id]),
      ),
      "/api/git-providers/{provider}": "git",
      "/api/deployment-oauth/{provider}": "vercel",
      "/api/git-providers/{provider}/repos/{owner}": "ada",
      "/api/git-providers/{provider}/repos/{owner}/{repo}": "shop",
      "/api/projects/{project_id}": project.id,
      "/api/deployments/{project_id}": project.id,
      "/api/deployments/{deployment_id}": deployed.deployment.id,
      [targets]: project.id,
      [`${targets}/{target_id}`]: target.id,
      [`${targets}/{target_id}/containers/{container_id}`]: container.id,
      [chats]: waiting.id,
      [`${chats}/queue/{item_id}`]: queued.id,
      "/api/chat/ws/{chat_id}": waiting.id,
      "/api/chat/history/{project_id}": project.id,
      "/api/chat/agent/events/{task_id}": task_id,
      "/api/chat/attachments/{attachment_id}": attachment.id,
      "/api/external/agent/events/{task_id}": task_id,
      "/api/external/agent/status/{task_id}": task_id,
      [runs]: task_id,
      [`${runs}/evidence/{id}`]: picture?.id ?? "",
      "/api/tasks/{task_id}": task_id,
      "/api/secrets/{project_id}": project.id,
      "/api/secrets/{project_id}/{key}": secretKey,
      "/api/secrets/api-keys/{id}": modelKey.id,
      "/api/secrets/providers/custom/{id}": provider.id,
      "/api/marketplace/models/custom/{id}": model.custom_id ?? "",
      "/api/marketplace/agents/{id}": ownAgent.slug,
      "/api/marketplace/agents/{slug}": ownAgent.slug,
      "/api/marketplace/agents/{id}/screenshots/{picture_id}": screenshot?.id ?? "",
      "/api/marketplace/pictures/{id}": icon[0] ?? "",
      "/api/marketplace/pictures/{id}/{version}": icon[1] ?? "",
      "/api/marketplace/bases/{id}": base.slug,
      "/api/marketplace/bases/{slug}": base.slug,
      "/api/marketplace/library/agents/{id}": ownAgent.slug,
      "/api/marketplace/library/bases/{id}": base.slug,
      [`${projects}/agents/{agent_id}`]: ownAgent.id,
      "/api/marketplace/subscriptions/{id}": subscription?.id ?? "",
      "/api/billing/transactions/{id}": payment?.id ?? "",
      "/api/agent-drafts/{ref}": ownAgent.slug,
      "/api/mcp/servers/{id}": mcp.id,
      "/api/deployment-credentials/{id}": deploymentCredential.id,
      "/api/shell/sessions/{id}": shell.id,
      "/api/shell/ws/{session_id}": shell.id,
      "/api/kanban/{project_id}": project.id,
      "/api/kanban/{project_id}/columns/{id}": column.id,
      "/api/kanban/{project_id}/tasks/{id}": card.id,
      "/api/auth/sessions/{id}": session.id,
      "/api/auth/api-keys/{id}": key.id,
      "/api/users/{id}": user.id,
      "/api/themes/{id}": theme.id,
      "/api/marketplace/themes/{id}": theme.id,
      "/api/marketplace/library/themes/{id}": theme.id,
      "/api/users/me/export/{task_id}": exported.task_id ?? "",
      "/api/users/{id}/avatar/{version}": me.avatar_url?.split("/").at(-1) ?? "",
      "/api/creators/{username}": user.username,
      "/api/referrals/invitations/{referral_code}": user.referral_code ?? "",
      "/api/feedback/{id}": post.id,
      "/api/feedback/{id}/comments/{comment_id}": comment.id,
      // A user whom administrators can change without affecting other tests.
      "/api/admin/users/{id}": (await app.signUp()).id,
      "/api/auth/passkeys/{id}": passkey?.id ?? "",
      "/api/auth/linked-accounts/{id}": linked?.id ?? "",
      "/api/admin/outbox/{id}": email?.id ?? "",
      // Not the owner's: administrators would stop and delete them.
      "/api/admin/projects/{id}": nothing,
      "/api/admin/payouts/{payout_id}": nothing,
      "/api/admin/categories/{slug}": "custom",
      "/api/admin/collections/{collection_id}": nothing,
      "/api/admin/agents/{id}": nothing,
      "/api/admin/bases/{id}": nothing,
      "/api/admin/themes/{id}": nothing,
      "/api/admin/reviews/{review_id}": nothing,
      "/api/admin/tasks/{task_id}": nothing,
      "/api/admin/jobs/{id}": "1",
      "/api/admin/health/providers/{provider}": "openai",
      "/api/admin/preparation/{id}": nothing,
    },
    named: {
      project_id: project.id,
      databases_from: snapshot.id,
      against: snapshot.id,
      container_id: container.id,
      source_container_id: container.id,
      target_container_id: other.id,
      connected_container_id: container.id,
      chat_id: waiting.id,
      message_id: message.id,
      task_id,
      approval_id: approval.approval_id,
      question_id: approval.approval_id,
      attachments: attachment.id,
      agent_id: agent.id,
      assignee_id: user.id,
      column_id: column.id,
      move_to: column.id,
      before: queued.id,
    },
  };
}
