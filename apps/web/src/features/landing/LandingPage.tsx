import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState, type ReactNode } from "react";
import { usePageTitle } from "../../lib/page-title.ts";
import { templatesQuery } from "../../project/projects.queries.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { configQuery } from "../auth/index.ts";
import { ItemCard, ItemCardSkeletons, picksQuery, storeTypes, type ItemType } from "../marketplace/index.ts";
import { Invitation, readReferralCode } from "../referrals/index.ts";
import { examplesOf } from "./examples.ts";
import { LandingPrompt, type LandingPromptHandle } from "./LandingPrompt.tsx";

const grid = "grid grid-cols-3 gap-3 narrow:grid-cols-1";
const installCommand = "./studio up";

const steps: readonly { title: string; text: string }[] = [
  { title: "Describe it", text: "Write what the app is for and who uses it. A few sentences are enough." },
  {
    title: "The agent builds it",
    text: "It plans, writes the files and runs commands in a sandbox. Approve each action, or choose Auto mode.",
  },
  { title: "Use it while it grows", text: "The running app is next to the chat and reloads with every change." },
  { title: "Keep every version", text: "Review each change, go back to any checkpoint, and deploy what works." },
];

/** The page at `/` for people who are not signed in. */
export function LandingPage() {
  usePageTitle("Build apps with an AI agent");
  const prompt = useRef<LandingPromptHandle>(null);
  const { data: config } = useQuery(configQuery);
  const templates = useQuery(templatesQuery);
  const [referralCode] = useState(readReferralCode);
  const examples = examplesOf(templates.data?.items ?? []);
  return (
    <main id="main" tabIndex={-1} className="scroll-y min-h-0 flex-1 outline-none">
      <div className="mx-auto w-full max-w-295 px-10 pb-10 narrow:px-4">
        <h1 className="mt-10 font-display text-3xl leading-tight tracking-display narrow:mt-5 narrow:text-[34px]">
          What do you want to build?
        </h1>
        <p className="mt-2 max-w-[64ch] text-md leading-read text-fg-1">
          Describe an app. An AI agent writes it in a sandbox on this server, and the running app appears next to the chat.
        </p>
        {referralCode === undefined ? null : <Invitation code={referralCode} />}
        <div className="mt-5 grid grid-cols-[minmax(0,1fr)_320px] items-start gap-8 narrow:grid-cols-1 narrow:gap-5">
          <LandingPrompt ref={prompt} templates={templates.data?.items ?? []} isSignUpClosed={config?.sign_up === "closed"} />
          <section aria-labelledby="install" className="rounded-3 border border-line-0 bg-bg-1">
            <div className="flex h-9 items-center border-b border-line-0 pr-1.5 pl-3.5">
              <h2 id="install" className="flex-1 text-sm">
                Or run it yourself
              </h2>
              <CopyButton text={installCommand} label="Copy command" />
            </div>
            <pre
              {...scrollable}
              aria-label="Install command"
              className="overflow-x-auto px-3.5 py-3 font-mono text-xs leading-loose text-fg-2"
            >
              <span className="text-fg-0">{installCommand}</span>
              {"\n# one process, PostgreSQL included\n# open http://localhost:8000"}
            </pre>
          </section>
        </div>
        {examples.length > 0 ? (
          <Section title="Examples" id="examples">
            <ul role="list" className={grid}>
              {examples.map((example) => (
                <li key={example.prompt} className="flex">
                  <button
                    type="button"
                    className="flex flex-1 flex-col rounded-3 border border-line-0 bg-bg-1 p-3.5 text-left transition-colors hover:border-line-1"
                    onClick={() => prompt.current?.fill(example.prompt, example.base_id)}
                  >
                    <span className="flex-1 text-sm leading-read text-fg-0">{example.prompt}</span>
                    <span className="mt-2 text-xs text-fg-2">Starts from {example.template}</span>
                  </button>
                </li>
              ))}
            </ul>
          </Section>
        ) : null}
        <Section title="How it works" id="how">
          <ol role="list" className="grid grid-cols-4 gap-6 narrow:grid-cols-1 narrow:gap-4">
            {steps.map(({ title, text }, index) => (
              <li key={title}>
                <h3 className="text-sm">
                  <span className="num mr-1.5 text-fg-2">{index + 1}.</span>
                  {title}
                </h3>
                <p className="mt-1 text-sm leading-read text-fg-1">{text}</p>
              </li>
            ))}
          </ol>
        </Section>
        {storeTypes.map((type) => (
          <Picks key={type} type={type} />
        ))}
        <footer className="mt-14 flex flex-wrap items-center gap-x-5 gap-y-2 border-t border-line-0 pt-5 text-xs text-fg-2">
          <span>Tesslate Studio{config ? <span className="num"> {config.version}</span> : null}, open source under Apache-2.0</span>
          <span className="flex-1 narrow:hidden" />
          <Link to="/marketplace" className="link">
            Store
          </Link>
          <a href="/docs" className="link">
            API reference
          </a>
          <Link to="/login" className="link">
            Sign in
          </Link>
        </footer>
      </div>
    </main>
  );
}

const Section = ({ title, id, action, children }: { title: string; id: string; action?: ReactNode; children: ReactNode }) => (
  <section aria-labelledby={id} className="mt-12">
    <div className="mb-3 flex h-7 items-center">
      <h2 id={id} className="flex-1 text-md">
        {title}
      </h2>
      {action}
    </div>
    {children}
  </section>
);

/** The first items of the store. Shows nothing if there are none or loading fails, since the page works without them. */
function Picks({ type }: { type: ItemType }) {
  const { data, isPending } = useQuery(picksQuery(type));
  if (!isPending && (!data || data.items.length === 0)) return null;
  return (
    <Section
      title={type === "bases" ? "Templates to start from" : "Agents"}
      id={`store-${type}`}
      action={
        <Link to="/marketplace" search={{ type }} className={buttonClass({ variant: "ghost", size: "sm" })}>
          {data ? `All ${data.total}` : "All"} <span className="sr-only">{type === "bases" ? "templates" : "agents"}</span>
        </Link>
      }
    >
      {data ? (
        <div className={grid}>
          {data.items.map((item) => (
            <ItemCard key={item.id} item={item} heading="h3" />
          ))}
        </div>
      ) : (
        <ItemCardSkeletons count={3} />
      )}
    </Section>
  );
}
