import { setTimeout as sleep } from "node:timers/promises";
import { deploymentSteps, type DeploymentStatus, type DeploymentStep } from "@tesslate/contract";
import { RuntimeError, type ImageId, type RuntimeDriver } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import type { EventLog } from "../../../../platform/events.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { Projects, Templates } from "../../../projects/projects/index.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import { createRedactor, hiddenValues, type Redactions } from "../../../projects/secrets/index.ts";
import type { Activation } from "./activation.ts";
import type { Artefacts } from "../build/artifacts.ts";
import { build, StepFailed, type CleanRooms } from "../build/build-sandbox.ts";
import { collect, findOutput, listing, ownLimits } from "../build/collect.ts";
import type { DeploymentLog, DeploymentLogs } from "../deployment-log.ts";
import { proposedName, secretNamesOf, type KeptRequest, type RequestVault } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow, ProgramSpec } from "../../../../db/schema/delivery.ts";
import { containerRemoved } from "../present.ts";
import { failureAt } from "../build/build-errors.ts";
import { rulesOf, within } from "../build/framework.ts";
import { refusalOf, type Judging } from "./launch-gate.ts";
import { isServerBuild, mayBeProgram, programOf } from "../build/server-command.ts";
import { makeStaticExport } from "../build/next-export.ts";
import { buildPlanOf } from "../build/plan.ts";
import type { Artefact, DeployTarget, RemoteState } from "../providers/provider.ts";
import type { CredentialFor, FindTarget } from "../providers/lookup.ts";
import { TargetError } from "../providers/client.ts";

const steps: Record<DeploymentStep, { percent: number; status: DeploymentStatus }> = {
  prepare: { percent: 5, status: "building" },
  install: { percent: 15, status: "building" },
  build: { percent: 35, status: "building" },
  collect: { percent: 60, status: "building" },
  smoke: { percent: 68, status: "building" },
  gate: { percent: 72, status: "building" },
  upload: { percent: 82, status: "deploying" },
  provider: { percent: 90, status: "deploying" },
};
/** How long a provider may take (agent-git-deploy 7.7). */
const providerMs = 600_000;
const pollMs = [250, 1000, 2000, 3000, 5000];

/** What a run of the pipeline hangs on. */
export interface PipelineRun {
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
}
/** What is sent, and what was built to be looked at. */
interface Made {
  artefact: Artefact;
  warnings: string[];
  program: ProgramSpec | undefined;
}
interface Course {
  row: DeploymentRow;
  project: ProjectRow;
  request: KeptRequest;
  log: DeploymentLog;
  signal: AbortSignal;
  step(step: DeploymentStep): Promise<void>;
}

/** From a tree to a version that visitors see (agent-git-deploy 7.6). Each part is remembered, so that a killed server goes on where it was. */
export type Pipeline = ReturnType<typeof createPipeline>;
export function createPipeline({
  store,
  vault,
  logs,
  rooms,
  artefacts,
  activation,
  projects,
  startCommandOf,
  templates,
  runtime,
  findTarget,
  credentialFor,
  judging,
  redactions,
  events,
  diskBytesOf,
  log,
}: {
  store: DeploymentsStore;
  vault: RequestVault;
  logs: DeploymentLogs;
  rooms: CleanRooms;
  artefacts: Artefacts;
  activation: Activation;
  projects: Pick<Projects, "find" | "sandboxOf">;
  startCommandOf: Parameters<typeof buildPlanOf>[0]["startCommandOf"];
  templates: Templates;
  runtime: Pick<RuntimeDriver, "prepare">;
  findTarget: FindTarget;
  credentialFor: CredentialFor;
  judging: Judging;
  redactions: Redactions;
  events: EventLog;
  diskBytesOf: (userId: string) => Promise<number>;
  log: Logger;
}) {
  const running = new Map<string, AbortController>();

  const changed = (row: DeploymentRow, step?: string) =>
    events.append(row.project_id, {
      type: "deployment_changed",
      data: { id: row.id, op: "update", status: row.status, ...(step !== undefined && { step }) },
    });

  const imageFor = async (project: ProjectRow, directory: string, signal: AbortSignal): Promise<ImageId | undefined> => {
    const template = directory === "." ? templates.find(project.template_slug ?? "") : undefined;
    return template && runtime.prepare(template.image, { signal });
  };

  /** Builds in a clean room and collects what came out; of what a provider builds, the sources are what is sent, and this is looked at. */
  const make = async (course: Course): Promise<Made> => {
    const { row, project, request, log: lines, signal, step } = course;
    await step("prepare");
    const sandbox = await projects.sandboxOf(project);
    const containers = await store.baseContainers(project.id);
    const container = containers.find(({ id }) => id === row.container_id);
    if (!container) throw new StepFailed("prepare", containerRemoved);
    const plan = await buildPlanOf({
      tree: sandbox.files,
      container,
      project,
      provider: row.provider,
      mode: row.mode,
      request,
      startCommandOf,
    });
    const { framework, directory } = plan;
    lines.line(`Mode ${row.mode}, framework ${framework}, container ${container.name}`);
    course.row = (await store.update(row.id, { framework })) ?? row;
    const limits = row.provider === "local" ? ownLimits : { ...ownLimits, ...findTarget(row.provider)?.limits };
    const warn = (text: string) => lines.line(text);
    const isSource = row.mode === "source";
    const gather = async (tree: typeof sandbox.files, folder: string, kind: Parameters<typeof collect>[3]["kind"]) => {
      await step("collect");
      const part = isSource && kind !== "source" ? "checked" : "sent";
      const artefact = await collect(tree, folder, await artefacts.create(row, part), { kind, limits, signal, warn });
      lines.line(`${artefact.files.length} files, ${Math.ceil(artefact.totalBytes / 1024)} KiB`);
      return artefact;
    };
    const sources = isSource ? await gather(sandbox.files, directory, "source") : undefined;

    const image = await imageFor(project, directory, signal);
    const room = await rooms.open(row.id, sandbox, { image, diskBytes: await diskBytesOf(project.owner_id), signal });
    if (plan.isStaticExport) for (const done of await makeStaticExport(room.files, directory)) lines.line(done);
    const env = { ...request.env };
    let warnings: string[];
    try {
      ({ warnings } = await build(room, plan, { env, log: lines, signal, onStep: step }));
    } catch (error) {
      if (!sources || !(error instanceof StepFailed) || !request.ignore_rules.includes("build")) throw error;
      lines.line(`${error.message} That was agreed to: its sources alone are looked at.`);
      return { artefact: sources, warnings: [], program: undefined };
    }
    const rules = rulesOf(framework);
    const outputs = request.output_directory === null ? rules.outputs : [request.output_directory];
    const isBare = plan.command === null && request.output_directory === null;
    const program =
      (isSource ? isServerBuild(framework) : row.provider === "local") &&
      request.output_directory === null &&
      mayBeProgram(framework, plan.command)
        ? await programOf(room, { framework, directory, package: plan.package, startCommand: plan.startCommand })
        : undefined;
    // A Next.js app may be built as files alone, and what nobody recognises may be a page, whatever else lies there.
    const isSiteFirst = framework === "nextjs" || framework === "unknown";
    const site = program && !isSiteFirst ? undefined : await findOutput(room.files, directory, isBare ? [".", ...outputs] : outputs);
    if (program && site === undefined) {
      const artefact = await gather(room.files, directory, "program");
      if (sources) return { artefact: sources, warnings, program };
      course.row = (await store.update(row.id, { program })) ?? course.row;
      return { artefact, warnings, program };
    }
    if (site === undefined && sources) {
      lines.line("Nothing that this server knows as a site came of the build: its sources alone are looked at.");
      return { artefact: sources, warnings, program: undefined };
    }
    if (site === undefined) {
      for (const name of await listing(room.files, directory)) lines.line(`  ${name}`);
      throw new StepFailed(
        "collect",
        `Nothing was found in ${outputs.map((name) => within(directory, name)).join(", ")}. Name the folder that the build writes to.`,
      );
    }
    const isAsItLies = site === directory;
    const artefact = await gather(room.files, site, isAsItLies ? "plain" : "built");
    const has = (path: string) => artefact.files.some((file) => file.path === path);
    course.row =
      (await store.update(row.id, { spa_fallback: rules.isClientRouted && has("index.html") && !has("404.html") })) ?? course.row;
    return { artefact: sources ?? artefact, warnings, program: undefined };
  };

  /** Looks at what was built before visitors do; what blocks keeps it back. */
  const judge = async (course: Course, { artefact, warnings, program }: Made): Promise<void> => {
    const { row, project, request, log: lines, signal, step } = course;
    if (program) await step("smoke");
    // Elsewhere it may find what it lacks here; then its pages are not looked at.
    const address = await activation.start({ ...row, program: program ?? row.program }, signal).catch((error: unknown) => {
      if (row.mode !== "source" || !(error instanceof StepFailed)) throw error;
      lines.line(`${error.message} Its pages are not looked at.`);
      return undefined;
    });
    await step("gate");
    const { ignore_rules: ignoreRules } = request;
    const asked = { row, project, request, address, warnings, ignoreRules, log: (line: string) => lines.line(line), signal };
    const report = await judging(asked).finally(() => (row.mode === "source" && program ? activation.stop(row.id) : undefined));
    const { files, totalBytes } = artefact;
    course.row =
      (await store.update(row.id, { report, files: files.length, bytes: totalBytes, has_artefact: !report.is_blocked })) ?? course.row;
    const refusal = refusalOf(report);
    if (refusal) throw refusal;
  };

  /** Hands it to its provider, once: an id that the provider gave before is gone on with. */
  const submit = async (course: Course, target: DeployTarget, artefact: Artefact): Promise<void> => {
    const { project, request, log: lines, signal, step } = course;
    const { row } = course;
    await step("upload");
    const credential = await credentialFor(project.owner_id, project.id, target.provider);
    if (!credential) throw new StepFailed("upload", `The account at ${target.provider} is not connected any more.`);
    const place = { container_id: row.container_id ?? "", provider: row.provider };
    const known = await store.findSite(place);
    const keep = async (given: { remoteId?: string; site?: { id: string; name: string; url?: string }; url?: string }) => {
      course.row =
        (await store.update(row.id, {
          ...(given.remoteId !== undefined && { remote_id: given.remoteId }),
          ...(given.url !== undefined && given.url !== "" && { deployment_url: given.url }),
          ...(given.site && { site_id: given.site.id, site_name: given.site.name }),
        })) ?? course.row;
      if (given.site)
        await store.keepSite({
          ...place,
          project_id: project.id,
          site_id: given.site.id,
          name: given.site.name,
          // What a preview tells is not the site's own address.
          url: given.site.url ?? (known?.site_id === given.site.id ? known.url : null),
        });
    };
    const sent = await target.submit({
      projectId: project.id,
      containerId: place.container_id,
      deploymentId: row.id,
      environment: row.environment,
      name: await proposedName(store, project, row.container_name),
      ...(known && { site: { id: known.site_id, name: known.name, ...(known.url !== null && { url: known.url }) } }),
      ...(row.remote_id !== null && { remoteId: row.remote_id }),
      mode: row.mode,
      framework: row.framework,
      ...(request.build_command !== null && { buildCommand: request.build_command }),
      ...(request.output_directory !== null && { outputDirectory: request.output_directory }),
      env: request.env,
      secretNames: secretNamesOf(request.env),
      ...(row.custom_domain !== null && { customDomain: row.custom_domain }),
      artefact,
      spaFallback: row.spa_fallback,
      credential,
      log: (line) => lines.line(line),
      signal,
      remember: keep,
    });
    await keep(sent);
  };

  /** Asks until the provider has an answer; one that cannot be asked for a while is asked again. */
  const waitFor = async (course: Course, target: DeployTarget): Promise<RemoteState | undefined> => {
    const { row, project, signal, step, log: lines } = course;
    await step("provider");
    const deadline = Date.now() + providerMs;
    for (let round = 0; Date.now() < deadline; round++) {
      signal.throwIfAborted();
      let wait = pollMs[Math.min(round, pollMs.length - 1)] ?? 5000;
      try {
        const credential = await credentialFor(project.owner_id, project.id, target.provider);
        if (!credential) throw new StepFailed("provider", `The account at ${target.provider} is not connected any more.`);
        const site = row.site_id === null ? undefined : { id: row.site_id, name: row.site_name ?? "" };
        const state = await target.state(credential, row.remote_id ?? "", site);
        await store.update(row.id, { provider_status: state.raw });
        if (state.state !== "deploying") return state;
        wait = Math.max(wait, state.retryAfterMs ?? 0);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StepFailed) throw error;
        if (error instanceof AppError && error.code === "provider_token_expired") throw new StepFailed("provider", error.message);
        if (error instanceof TargetError) wait = Math.max(wait, error.retryAfterMs ?? 0);
        if (round === 0)
          lines.line(`${error instanceof TargetError ? error.message : "The provider cannot be asked at the moment."} It is asked again.`);
        log.warn({ err: error, deployment_id: row.id }, "provider not asked");
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
  /** The provider's own words about a failure. */
  const providerLines = async ({ row, project, log: lines }: Course, target: DeployTarget): Promise<string[]> => {
    try {
      const credential = await credentialFor(project.owner_id, project.id, target.provider);
      const said = credential && row.remote_id !== null ? await target.logs(credential, row.remote_id) : [];
      for (const line of said) lines.line(line);
      return said;
    } catch (err) {
      log.info({ err, deployment_id: row.id }, "no lines of the provider");
      return [];
    }
  };

  const publish = async (course: Course): Promise<DeploymentRow | undefined> => {
    const target = findTarget(course.row.provider);
    if (!target) throw new StepFailed("upload", "This server does not know how to deploy there.");
    const artefact = await artefacts.find(course.row);
    // One that the provider has an id for is gone on with: nothing is deployed twice.
    if (artefact) await submit(course, target, artefact);
    else if (course.row.remote_id === null) throw new StepFailed("upload", "What was built is gone.");
    const state = await waitFor(course, target);
    if (!state) {
      course.log.line("The provider is not done yet. Its status is asked for whenever somebody looks.");
      return store.finish(course.row.id, { status: "deploying", error: null });
    }
    if (state.state === "failed") {
      const said = await providerLines(course, target);
      const reason = state.error ?? "The provider gave no reason.";
      throw new StepFailed("provider", reason, failureAt([reason, ...said]));
    }
    // What it built it also tells.
    if (course.row.mode === "source") await providerLines(course, target);
    const values = state.url === undefined ? {} : { deployment_url: state.url };
    if (course.row.environment === "production") await store.makeLive(course.row, values);
    else await store.update(course.row.id, values);
    return store.finish(course.row.id, { status: "success", error: null, failure: null });
  };
  const publishHere = async (course: Course): Promise<DeploymentRow | undefined> => {
    await course.step("upload");
    const { row, project, signal } = course;
    const name = await proposedName(store, project, row.container_name);
    if (row.environment === "preview") {
      const place = activation.placePreview(row, name);
      course.row = (await store.update(row.id, place)) ?? row;
      await activation.start(course.row, signal);
      return store.finish(row.id, { status: "success", error: null, failure: null, remote_id: row.id });
    }
    const site = await activation.claimSite(row, name);
    course.row =
      (await store.update(course.row.id, { site_id: site.site_id, site_name: site.name, deployment_url: site.url })) ?? course.row;
    await activation.switchTo(course.row, signal);
    return store.finish(course.row.id, { status: "success", error: null, failure: null, remote_id: course.row.id });
  };

  /** What went wrong, for people. */
  const explain = (error: unknown, step: DeploymentStep): { message: string; failure: NonNullable<DeploymentRow["failure"]> } => {
    const where = error instanceof StepFailed ? error.where : { path: null, line: null };
    const isForPeople = error instanceof AppError || error instanceof RuntimeError || error instanceof TargetError;
    return {
      message: isForPeople ? error.message : "Something went wrong on our side. It has been logged.",
      failure: {
        step: error instanceof StepFailed ? error.step : step,
        code: error instanceof TargetError ? error.kind : null,
        ...where,
      },
    };
  };

  const work = async (course: Course): Promise<DeploymentRow | undefined> => {
    const isSent = course.row.remote_id !== null;
    if (!isSent && !course.row.has_artefact) {
      const made = await make(course);
      const { artefact } = made;
      await judge(course, made);
      course.row =
        (await store.update(course.row.id, {
          has_artefact: true,
          files: artefact.files.length,
          bytes: artefact.totalBytes,
        })) ?? course.row;
    } else
      course.log.line(
        isSent ? "The server was restarted. Waiting for the provider goes on." : "The server was restarted. What was built is still there.",
      );
    if (course.row.provider !== "local") await rooms.remove(course.row.id);
    const done = await (course.row.provider === "local" ? publishHere(course) : publish(course));
    if (course.row.provider === "local" && !course.row.program) await rooms.remove(course.row.id);
    return done;
  };

  return {
    /**
     * Runs one deployment to its end, or goes on with it. Whatever fails is told by the row; throws only when the server ends meanwhile,
     * and then the next one goes on.
     */
    run: async (id: string, task: PipelineRun): Promise<DeploymentRow | undefined> => {
      const row = await store.find(id);
      if (!row?.is_active) return row;
      const project = await projects.find(row.project_id);
      if (!project) return undefined;
      const abort = new AbortController();
      running.set(id, abort);
      const request = vault.open(row);
      const own = createRedactor(
        hiddenValues(Object.fromEntries(Object.entries(request.env).filter(([name]) => secretNamesOf(request.env).has(name)))),
      );
      const others = await redactions.live(project.id);
      const redact = (text: string) => own.redact(others.current.redact(text));
      const lines = await logs.open(id, redact);
      let step: DeploymentStep = "prepare";
      const course: Course = {
        row,
        project,
        request,
        log: lines,
        signal: AbortSignal.any([task.signal, abort.signal]),
        step: async (next) => {
          course.signal.throwIfAborted();
          step = next;
          const title = deploymentSteps[next];
          const { percent, status } = steps[next];
          await task.progress(percent, `${title}: ${row.container_name}`);
          if (course.row.status !== status) course.row = (await store.update(id, { status })) ?? course.row;
          // The log says so too: who opens it later sees how far it came.
          lines.line(`== ${title} ==`);
          await changed(course.row, title);
          await logs.ring(id);
        },
      };
      try {
        if (row.cancel_requested_at !== null) abort.abort("cancelled");
        course.signal.throwIfAborted();
        if (row.container_id === null) throw new StepFailed("prepare", containerRemoved);
        if (row.status === "pending") lines.line("Deployment started");
        const done = await work(course);
        if (done?.status === "success") {
          const what = done.environment === "preview" ? "is a preview" : "is live";
          lines.line(`Version ${done.version} ${what}${done.deployment_url ? ` at ${done.deployment_url}` : ""}`);
          await activation.prune(done).catch((err: unknown) => log.warn({ err, deployment_id: id }, "former versions not pruned"));
        }
        return done;
      } catch (error) {
        // The next start goes on.
        if (task.signal.reason === "shutdown") throw error;
        const isCancelled = course.signal.aborted && course.signal.reason !== "timeout";
        const { message, failure } = explain(error, step);
        // Whatever it broke on: what it worked for is gone.
        const isRemoved = (await store.find(id))?.container_id === null;
        const sentence = isRemoved
          ? containerRemoved
          : isCancelled
            ? "Cancelled."
            : course.signal.aborted
              ? "It took too long."
              : redact(message).slice(0, 2000);
        if (!isCancelled && !(error instanceof AppError)) log.warn({ err: error, deployment_id: id, step }, "deployment failed");
        lines.line(sentence);
        await lines.settle();
        if (isCancelled || isRemoved) await giveUp(course);
        const failed = await store.finish(id, { status: "failed", error: sentence, failure, has_artefact: false });
        await activation
          .forget(course.row)
          .catch((err: unknown) => log.warn({ err, deployment_id: id }, "leftovers of a deployment not removed"));
        return failed;
      } finally {
        running.delete(id);
        await lines.settle();
        const last = await store.find(id);
        if (last) await changed(last);
        await logs.ring(id);
      }
    },
    /** Ends a run in this process. */
    abort: (id: string): void => running.get(id)?.abort("cancelled"),
    isRunningHere: (id: string): boolean => running.has(id),
  };

  /** What a provider is working on already, and nobody sees, is taken back. */
  async function giveUp({ row, project }: Course): Promise<void> {
    const target = findTarget(row.provider);
    if (!target || row.remote_id === null || row.provider === "cloudflare") return;
    try {
      const credential = await credentialFor(project.owner_id, project.id, target.provider);
      if (credential) await target.remove(credential, row.remote_id, row.environment);
    } catch (err) {
      log.info({ err, deployment_id: row.id }, "cancelled deployment not removed at the provider");
    }
  }
}
