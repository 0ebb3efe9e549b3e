import { emitDeploymentChanged, type DeploymentContext } from "../context.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { deploymentSteps, type DeploymentStatus, type DeploymentStep } from "@tesslate/contract";
import { RuntimeError, type ImageId, type RuntimeDriver } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import type { Templates } from "../../../projects/projects/index.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import { createRedactor, hiddenValues } from "../../../projects/secrets/index.ts";
import type { Activation } from "./activation.ts";
import { build } from "../build/build-sandbox.ts";
import { collectFiles, findOutput, listing, ownLimits } from "../build/collect.ts";
import type { DeploymentLog } from "../deployment-log.ts";
import { proposedName, secretNamesOf, type StoredRequest } from "../deployment-request.ts";
import type { DeploymentRow, ProgramSpec } from "../../../../db/schema/delivery.ts";
import { containerRemoved } from "../present.ts";
import { findErrorLocation, StepError } from "../build/build-errors.ts";
import { frameworkRules, joinPath } from "../build/framework.ts";
import { launchErrorOf, type LaunchCheck } from "./launch-gate.ts";
import { isServerFramework, mayNeedServer, findServerCommand } from "../build/server-command.ts";
import { makeStaticExport } from "../build/next-export.ts";
import { buildPlanOf } from "../build/plan.ts";
import type { Artifact, ProviderAdapter, RemoteState } from "../providers/provider.ts";
import { ProviderError } from "../providers/client.ts";

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
/** How long to wait for the provider. */
const providerMs = 600_000;
const pollMs = [250, 1000, 2000, 3000, 5000];

/** The task that runs a deployment. */
export interface PipelineRun {
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
}
/** The artifact to upload and the facts for the launch gate. */
interface BuildOutput {
  artifact: Artifact;
  warnings: string[];
  program: ProgramSpec | undefined;
}
interface PipelineState {
  row: DeploymentRow;
  project: ProjectRow;
  request: StoredRequest;
  log: DeploymentLog;
  signal: AbortSignal;
  step(step: DeploymentStep): Promise<void>;
}

/** Builds, checks and releases a deployment. Every step is stored, so that a restarted server resumes where it was. */
export type Pipeline = ReturnType<typeof createPipeline>;
export function createPipeline(
  context: DeploymentContext,
  {
    activation,
    templates,
    runtime,
    checkLaunch,
    diskBytesOf,
  }: {
    activation: Activation;
    templates: Templates;
    runtime: Pick<RuntimeDriver, "prepare">;
    checkLaunch: LaunchCheck;
    diskBytesOf: (userId: string) => Promise<number>;
  },
) {
  const { store, vault, logs, buildSandboxes, artifacts, projects, startCommandOf, findProvider, getCredential, redactions, log } = context;
  const running = new Map<string, AbortController>();

  const imageFor = async (project: ProjectRow, directory: string, signal: AbortSignal): Promise<ImageId | undefined> => {
    const template = directory === "." ? templates.find(project.template_slug ?? "") : undefined;
    return template && runtime.prepare(template.image, { signal });
  };

  /**
   * Builds in a build sandbox and collects the output. When the provider builds from source, the sources are uploaded and the local build
   * is only checked.
   */
  const buildArtifact = async (current: PipelineState): Promise<BuildOutput> => {
    const { row, project, request, log: lines, signal, step } = current;
    await step("prepare");
    const sandbox = await projects.sandboxOf(project);
    const containers = await store.baseContainers(project.id);
    const container = containers.find(({ id }) => id === row.container_id);
    if (!container) throw new StepError("prepare", containerRemoved);
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
    current.row = (await store.update(row.id, { framework })) ?? row;
    const limits = row.provider === "local" ? ownLimits : { ...ownLimits, ...findProvider(row.provider)?.limits };
    const warn = (text: string) => lines.line(text);
    const isSource = row.mode === "source";
    const collectInto = async (tree: typeof sandbox.files, folder: string, kind: Parameters<typeof collectFiles>[3]["kind"]) => {
      await step("collect");
      const part = isSource && kind !== "source" ? "checked" : "sent";
      const artifact = await collectFiles(tree, folder, await artifacts.create(row, part), { kind, limits, signal, warn });
      lines.line(`${artifact.files.length} files, ${Math.ceil(artifact.totalBytes / 1024)} KiB`);
      return artifact;
    };
    const sources = isSource ? await collectInto(sandbox.files, directory, "source") : undefined;

    const image = await imageFor(project, directory, signal);
    const buildSandbox = await buildSandboxes.open(row.id, sandbox, { image, diskBytes: await diskBytesOf(project.owner_id), signal });
    if (plan.isStaticExport) for (const done of await makeStaticExport(buildSandbox.files, directory)) lines.line(done);
    const env = { ...request.env };
    let warnings: string[];
    try {
      ({ warnings } = await build(buildSandbox, plan, { env, log: lines, signal, onStep: step }));
    } catch (error) {
      if (!sources || !(error instanceof StepError) || !request.ignore_rules.includes("build")) throw error;
      lines.line(`${error.message} This check was ignored: only the sources are checked.`);
      return { artifact: sources, warnings: [], program: undefined };
    }
    const rules = frameworkRules(framework);
    const outputs = request.output_directory === null ? rules.outputs : [request.output_directory];
    const isBare = plan.command === null && request.output_directory === null;
    const program =
      (isSource ? isServerFramework(framework) : row.provider === "local") &&
      request.output_directory === null &&
      mayNeedServer(framework, plan.command)
        ? await findServerCommand(buildSandbox, { framework, directory, package: plan.package, startCommand: plan.startCommand })
        : undefined;
    // A Next.js app may be a static export and an unrecognized app may be static, whatever else is there.
    const isSiteFirst = framework === "nextjs" || framework === "unknown";
    const site =
      program && !isSiteFirst ? undefined : await findOutput(buildSandbox.files, directory, isBare ? [".", ...outputs] : outputs);
    if (program && site === undefined) {
      const artifact = await collectInto(buildSandbox.files, directory, "program");
      if (sources) return { artifact: sources, warnings, program };
      current.row = (await store.update(row.id, { program })) ?? current.row;
      return { artifact, warnings, program };
    }
    if (site === undefined && sources) {
      lines.line("The build left no recognizable site: only the sources are checked.");
      return { artifact: sources, warnings, program: undefined };
    }
    if (site === undefined) {
      for (const name of await listing(buildSandbox.files, directory)) lines.line(`  ${name}`);
      throw new StepError(
        "collect",
        `No build output found in ${outputs.map((name) => joinPath(directory, name)).join(", ")}. Set the output directory.`,
      );
    }
    const isAsItLies = site === directory;
    const artifact = await collectInto(buildSandbox.files, site, isAsItLies ? "plain" : "built");
    const has = (path: string) => artifact.files.some((file) => file.path === path);
    current.row =
      (await store.update(row.id, { spa_fallback: rules.isClientRouted && has("index.html") && !has("404.html") })) ?? current.row;
    return { artifact: sources ?? artifact, warnings, program: undefined };
  };

  /** Runs the launch gate; throws when a rule blocks. */
  const checkBuild = async (current: PipelineState, { artifact, warnings, program }: BuildOutput): Promise<void> => {
    const { row, project, request, log: lines, signal, step } = current;
    if (program) await step("smoke");
    // The provider may have what is missing here; skip the page checks then.
    const address = await activation.start({ ...row, program: program ?? row.program }, signal).catch((error: unknown) => {
      if (row.mode !== "source" || !(error instanceof StepError)) throw error;
      lines.line(`${error.message} Its pages are not checked.`);
      return undefined;
    });
    await step("gate");
    const { ignore_rules: ignoreRules } = request;
    const asked = { row, project, request, address, warnings, ignoreRules, log: (line: string) => lines.line(line), signal };
    const report = await checkLaunch(asked).finally(() => (row.mode === "source" && program ? activation.stop(row.id) : undefined));
    const { files, totalBytes } = artifact;
    current.row =
      (await store.update(row.id, { report, files: files.length, bytes: totalBytes, has_artefact: !report.is_blocked })) ?? current.row;
    const refusal = launchErrorOf(report);
    if (refusal) throw refusal;
  };

  /** Uploads to the provider once; resumes with an id that the provider returned earlier. */
  const submit = async (current: PipelineState, target: ProviderAdapter, artifact: Artifact): Promise<void> => {
    const { project, request, log: lines, signal, step } = current;
    const { row } = current;
    await step("upload");
    const credential = await getCredential(project.owner_id, project.id, target.provider);
    if (!credential) throw new StepError("upload", `The ${target.provider} account is no longer connected. Connect it and deploy again.`);
    const place = { container_id: row.container_id ?? "", provider: row.provider };
    const known = await store.findSite(place);
    const keep = async (given: { remoteId?: string; site?: { id: string; name: string; url?: string }; url?: string }) => {
      current.row =
        (await store.update(row.id, {
          ...(given.remoteId !== undefined && { remote_id: given.remoteId }),
          ...(given.url !== undefined && given.url !== "" && { deployment_url: given.url }),
          ...(given.site && { site_id: given.site.id, site_name: given.site.name }),
        })) ?? current.row;
      if (given.site)
        await store.saveSite({
          ...place,
          project_id: project.id,
          site_id: given.site.id,
          name: given.site.name,
          // A preview's URL is not the site's URL.
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
      artifact,
      spaFallback: row.spa_fallback,
      credential,
      log: (line) => lines.line(line),
      signal,
      remember: keep,
    });
    await keep(sent);
  };

  /** Polls the provider until it reports an end; keeps polling while the provider is unavailable. */
  const waitFor = async (current: PipelineState, target: ProviderAdapter): Promise<RemoteState | undefined> => {
    const { row, project, signal, step, log: lines } = current;
    await step("provider");
    const deadline = Date.now() + providerMs;
    for (let round = 0; Date.now() < deadline; round++) {
      signal.throwIfAborted();
      let wait = pollMs[Math.min(round, pollMs.length - 1)] ?? 5000;
      try {
        const credential = await getCredential(project.owner_id, project.id, target.provider);
        if (!credential)
          throw new StepError("provider", `The ${target.provider} account is no longer connected. Connect it and deploy again.`);
        const site = row.site_id === null ? undefined : { id: row.site_id, name: row.site_name ?? "" };
        const state = await target.state(credential, row.remote_id ?? "", site);
        await store.update(row.id, { provider_status: state.raw });
        if (state.state !== "deploying") return state;
        wait = Math.max(wait, state.retryAfterMs ?? 0);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof StepError) throw error;
        if (error instanceof AppError && error.code === "provider_token_expired") throw new StepError("provider", error.message);
        if (error instanceof ProviderError) wait = Math.max(wait, error.retryAfterMs ?? 0);
        if (round === 0)
          lines.line(`${error instanceof ProviderError ? error.message : "The provider is not reachable right now."} Retrying.`);
        log.warn({ err: error, deployment_id: row.id }, "provider status request failed");
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
  /** The provider's log of a failure. */
  const providerLines = async ({ row, project, log: lines }: PipelineState, target: ProviderAdapter): Promise<string[]> => {
    try {
      const credential = await getCredential(project.owner_id, project.id, target.provider);
      const logLines = credential && row.remote_id !== null ? await target.logs(credential, row.remote_id) : [];
      for (const line of logLines) lines.line(line);
      return logLines;
    } catch (err) {
      log.info({ err, deployment_id: row.id }, "provider log not available");
      return [];
    }
  };

  const publish = async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    const target = findProvider(current.row.provider);
    if (!target) throw new StepError("upload", "This server cannot deploy to this provider.");
    const artifact = await artifacts.find(current.row);
    // With a remote id, wait for that deployment instead of creating a second one.
    if (artifact) await submit(current, target, artifact);
    else if (current.row.remote_id === null) throw new StepError("upload", "The build output no longer exists. Deploy again.");
    const state = await waitFor(current, target);
    if (!state) {
      current.log.line("The provider is still working. Its status is updated whenever someone opens this deployment.");
      return store.finish(current.row.id, { status: "deploying", error: null });
    }
    if (state.state === "failed") {
      const logLines = await providerLines(current, target);
      const reason = state.error ?? "The provider gave no reason.";
      throw new StepError("provider", reason, findErrorLocation([reason, ...logLines]));
    }
    // A provider that builds also has a build log.
    if (current.row.mode === "source") await providerLines(current, target);
    const values = state.url === undefined ? {} : { deployment_url: state.url };
    if (current.row.environment === "production") await store.makeLive(current.row, values);
    else await store.update(current.row.id, values);
    return store.finish(current.row.id, { status: "success", error: null, failure: null });
  };
  const publishLocally = async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    await current.step("upload");
    const { row, project, signal } = current;
    const name = await proposedName(store, project, row.container_name);
    if (row.environment === "preview") {
      const place = activation.assignPreviewHost(row, name);
      current.row = (await store.update(row.id, place)) ?? row;
      await activation.start(current.row, signal);
      return store.finish(row.id, { status: "success", error: null, failure: null, remote_id: row.id });
    }
    const site = await activation.claimSite(row, name);
    current.row =
      (await store.update(current.row.id, { site_id: site.site_id, site_name: site.name, deployment_url: site.url })) ?? current.row;
    await activation.makeLive(current.row, signal);
    return store.finish(current.row.id, { status: "success", error: null, failure: null, remote_id: current.row.id });
  };

  /** Error message for the user and structured failure. */
  const explain = (error: unknown, step: DeploymentStep): { message: string; failure: NonNullable<DeploymentRow["failure"]> } => {
    const where = error instanceof StepError ? error.where : { path: null, line: null };
    const isForPeople = error instanceof AppError || error instanceof RuntimeError || error instanceof ProviderError;
    return {
      message: isForPeople ? error.message : "Internal server error. It has been logged.",
      failure: {
        step: error instanceof StepError ? error.step : step,
        code: error instanceof ProviderError ? error.kind : null,
        ...where,
      },
    };
  };

  const work = async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    const isSent = current.row.remote_id !== null;
    if (!isSent && !current.row.has_artefact) {
      const made = await buildArtifact(current);
      const { artifact } = made;
      await checkBuild(current, made);
      current.row =
        (await store.update(current.row.id, {
          has_artefact: true,
          files: artifact.files.length,
          bytes: artifact.totalBytes,
        })) ?? current.row;
    } else
      current.log.line(
        isSent ? "The server restarted. Still waiting for the provider." : "The server restarted. Continuing with the finished build.",
      );
    if (current.row.provider !== "local") await buildSandboxes.remove(current.row.id);
    const done = await (current.row.provider === "local" ? publishLocally(current) : publish(current));
    if (current.row.provider === "local" && !current.row.program) await buildSandboxes.remove(current.row.id);
    return done;
  };

  return {
    /** Runs or resumes one deployment. Failures are stored in the row; throws only at shutdown, and then the next server resumes. */
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
      const current: PipelineState = {
        row,
        project,
        request,
        log: lines,
        signal: AbortSignal.any([task.signal, abort.signal]),
        step: async (next) => {
          current.signal.throwIfAborted();
          step = next;
          const title = deploymentSteps[next];
          const { percent, status } = steps[next];
          await task.progress(percent, `${title}: ${row.container_name}`);
          if (current.row.status !== status) current.row = (await store.update(id, { status })) ?? current.row;
          // Also in the log, for later readers.
          lines.line(`== ${title} ==`);
          await emitDeploymentChanged(context, current.row, { step: title });
          await logs.notify(id);
        },
      };
      try {
        if (row.cancel_requested_at !== null) abort.abort("cancelled");
        current.signal.throwIfAborted();
        if (row.container_id === null) throw new StepError("prepare", containerRemoved);
        if (row.status === "pending") lines.line("Deployment started");
        const done = await work(current);
        if (done?.status === "success") {
          const what = done.environment === "preview" ? "is a preview" : "is live";
          lines.line(`Version ${done.version} ${what}${done.deployment_url ? ` at ${done.deployment_url}` : ""}`);
          await activation.prune(done).catch((err: unknown) => log.warn({ err, deployment_id: id }, "old versions not pruned"));
        }
        return done;
      } catch (error) {
        // The next server resumes it.
        if (task.signal.reason === "shutdown") throw error;
        const isCancelled = current.signal.aborted && current.signal.reason !== "timeout";
        const { message, failure } = explain(error, step);
        // Whatever the error, the container no longer exists.
        const isRemoved = (await store.find(id))?.container_id === null;
        const sentence = isRemoved
          ? containerRemoved
          : isCancelled
            ? "Cancelled."
            : current.signal.aborted
              ? "It exceeded the time limit."
              : redact(message).slice(0, 2000);
        if (!isCancelled && !(error instanceof AppError)) log.warn({ err: error, deployment_id: id, step }, "deployment failed");
        lines.line(sentence);
        await lines.settle();
        if (isCancelled || isRemoved) await removeUnfinished(current);
        const failed = await store.finish(id, { status: "failed", error: sentence, failure, has_artefact: false });
        await activation
          .discard(current.row)
          .catch((err: unknown) => log.warn({ err, deployment_id: id }, "leftover files of a deployment not removed"));
        return failed;
      } finally {
        running.delete(id);
        await lines.settle();
        const last = await store.find(id);
        if (last) await emitDeploymentChanged(context, last);
        await logs.notify(id);
      }
    },
    /** Aborts a run in this process. */
    abort: (id: string): void => running.get(id)?.abort("cancelled"),
    isRunningHere: (id: string): boolean => running.has(id),
  };

  /** Removes an unfinished deployment at the provider. */
  async function removeUnfinished({ row, project }: PipelineState): Promise<void> {
    const target = findProvider(row.provider);
    if (!target || row.remote_id === null || row.provider === "cloudflare") return;
    try {
      const credential = await getCredential(project.owner_id, project.id, target.provider);
      if (credential) await target.remove(credential, row.remote_id, row.environment);
    } catch (err) {
      log.info({ err, deployment_id: row.id }, "cancelled deployment not removed at the provider");
    }
  }
}
