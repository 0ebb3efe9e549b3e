import { setTimeout as sleep } from "node:timers/promises";
import { createProject, finished, signUp, type Account } from "../../e2e/account.ts";
import { enterPreview, fetchPreview } from "../../e2e/preview.ts";
import type { Measurements } from "./measurements.ts";

export interface PersonOptions {
  /** The server that this person uses, behind no proxy. */
  url: string;
  /** Where the person's measurements go; it changes with the phase. */
  measurements: () => Measurements;
}

/** One simulated person with a project: makes the calls that the web UI makes. */
export class Person {
  private account!: Account;
  private project!: { id: string; slug: string };
  private chat: string | undefined;
  private cookie = "";
  private previewUrl = "";
  private readonly closing = new AbortController();
  readonly options: PersonOptions;

  constructor(options: PersonOptions) {
    this.options = options;
  }

  /** Creates the account and its project. Not measured. */
  async prepare(index: number, template: string): Promise<void> {
    this.account = await signUp(this.options.url, `Person${index}`);
    this.project = await createProject(this.account, `App ${index}`, template);
    await this.account.api.files.put({ params: { id: this.project.id, path: "notes.md" }, body: { content: "# Notes\n" } });
  }

  private time<T>(kind: string, action: () => Promise<T>): Promise<T | undefined> {
    return this.options.measurements().time(kind, action);
  }

  async signIn(): Promise<void> {
    await this.time("sign in", () => this.account.signIn());
  }

  /** The calls of a workbench when it opens. */
  async openWorkbench(): Promise<void> {
    const { api } = this.account;
    const { id, slug } = this.project;
    const call = (action: () => Promise<unknown>) => this.time("API call", action);
    await Promise.all([
      call(() => api.users.me()),
      call(() => api.system.config()),
      call(() => api.projects.get({ params: { id: slug } })),
    ]);
    await Promise.all(
      [
        () => api.models.setup(),
        () => api.models.list({ query: { limit: 500 } }),
        () => api.library.agents({ query: { limit: 500 } }),
        () => api.hosting.limits(),
        () => api.chat.sessions({ query: { project_id: id, limit: 200 } }),
        () => api.files.tree({ params: { id } }),
        () => api.branches.list({ params: { id } }),
        () => api.git.info({ params: { project_id: id } }),
        () => api.snapshots.list({ params: { id }, query: { limit: 100 } }),
        () => api.snapshots.checkpoints({ params: { id }, query: { limit: 200 } }),
        () => api.changes.list({ params: { id }, query: { limit: 200 } }),
        () => api.containers.list({ params: { id }, query: { limit: 200 } }),
        () => api.tasks.list({ query: { project_id: id, limit: 20 } }),
      ].map(call),
    );
  }

  /** Holds the stream of the project's events, as an open workbench does, until `close`. Resolves when it is open. */
  async openStream(): Promise<void> {
    await this.time(
      "open the stream",
      () =>
        new Promise<void>((resolve, reject) => {
          void (async () => {
            let isOpen = false;
            try {
              const stream = this.account.api.projects.events(
                { params: { id: this.project.id } },
                {
                  signal: this.closing.signal,
                  onOpen: () => {
                    isOpen = true;
                    resolve();
                  },
                  onBroken: (error) => this.options.measurements().fail("stream", error),
                },
              );
              for await (const event of stream) void event;
            } catch (error) {
              if (!isOpen) reject(error);
              else if (!this.closing.signal.aborted) this.options.measurements().fail("stream", error);
            }
          })();
        }),
    );
  }

  /** What people do between runs: most look, some type. */
  async act(random: number): Promise<void> {
    const { api } = this.account;
    const { id } = this.project;
    if (random < 0.3)
      await this.time("API call", () => api.files.put({ params: { id, path: "notes.md" }, body: { content: `# Notes\n\n${random}\n` } }));
    else if (random < 0.6) await this.time("API call", () => api.files.get({ params: { id, path: "notes.md" } }));
    else if (random < 0.75) await this.time("API call", () => api.chat.sessions({ query: { project_id: id, limit: 200 } }));
    else if (random < 0.9) await this.time("API call", () => api.projects.list({ query: { limit: 8 } }));
    else await this.openWorkbench();
  }

  /** Acts again and again with pauses of this mean length, until the signal. */
  async work(meanPauseMs: number, signal: AbortSignal): Promise<void> {
    const pause = () => sleep(-Math.log(1 - Math.random()) * meanPauseMs, undefined, { signal }).catch(() => undefined);
    for (await pause(); !signal.aborted; await pause()) await this.act(Math.random());
  }

  /** Starts the app. Not measured: `./studio bench` does. */
  async wake(): Promise<void> {
    const { api } = this.account;
    await finished(api, (await api.projects.start({ params: { id: this.project.id } })).task_id);
    this.previewUrl = (await api.previews.ticket({ params: { id: this.project.id }, body: {} })).url;
    this.cookie = (await enterPreview(this.previewUrl, this.port)).cookie;
  }

  private get port(): number {
    return Number(new URL(this.options.url).port);
  }

  /** Loads the page of the running app. */
  async preview(): Promise<void> {
    await this.time("preview request", async () => {
      const { status } = await fetchPreview(new URL("/", this.previewUrl).href, this.port, { cookie: this.cookie });
      if (status !== 200) throw new Error(`status ${status}`);
    });
  }

  /** Loads it again and again until the signal. */
  async watchPreview(pauseMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.preview();
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One run of the agent; measures each token from the model to here by the time that the model wrote into it. */
  async run(): Promise<void> {
    const { api } = this.account;
    const project_id = this.project.id;
    await this.time("run", async () => {
      this.chat ??= (await api.chat.createSession({ body: { project_id, title: "Load" } })).id;
      const started = performance.now();
      let isFirst = true;
      const stream = api.chat.stream({ body: { project_id, chat_id: this.chat, message: `Continue ${Date.now()}`, edit_mode: "plan" } });
      for await (const event of stream) {
        if (event.type === "text_chunk")
          for (const stamp of event.data.content.matchAll(/<t:(\d+)>/g)) {
            this.options.measurements().add("token", Date.now() - Number(stamp[1]));
            if (isFirst) this.options.measurements().add("first token", performance.now() - started);
            isFirst = false;
          }
        if (event.type === "complete" && !event.data.success) throw new Error(event.data.error ?? "the run failed");
      }
    });
  }

  close(): void {
    this.closing.abort();
  }
}
