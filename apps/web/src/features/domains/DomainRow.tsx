import type { Domain } from "@tesslate/contract";
import { useState } from "react";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Pill, type Tone } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Switch } from "../../ui/Switch.tsx";
import { toastError } from "../../ui/toast.tsx";
import type { SiteActions } from "./use-site-actions.ts";

const states: Record<Domain["state"], { label: string; tone: Tone }> = {
  pending: { label: "Pending", tone: "warn" },
  misdirected: { label: "Elsewhere", tone: "warn" },
  active: { label: "Active", tone: "ok" },
};

/** An own domain: its state, the records to set, and what can be done with it. */
export function DomainRow({ domain, actions }: { domain: Domain; actions: SiteActions }) {
  const [isChecking, setIsChecking] = useState(false);
  const [isRemoving, setIsRemoving] = useState(false);
  const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => toastError(error));
  const check = async () => {
    setIsChecking(true);
    await attempt(actions.check(domain.id));
    setIsChecking(false);
  };
  const { label, tone } = states[domain.state];
  const isComplete = domain.records.every(({ is_found }) => is_found);
  const isLocal = domain.records.some(({ type, value }) => type === "CNAME" && /(?:^|\.)localhost$/.test(value));
  return (
    <li className="grid gap-2 rounded-3 border border-line-0 p-3">
      <div className="flex flex-wrap items-center gap-2">
        <b className="min-w-0 font-mono font-medium break-all text-fg-0">{domain.hostname}</b>
        <Pill tone={tone}>{label}</Pill>
        {domain.is_primary ? <Pill>Primary</Pill> : null}
        <span className="flex-1" />
        {domain.is_primary || domain.state !== "active" ? null : (
          <Button size="sm" onClick={() => void attempt(actions.setPrimary(domain.id, true))}>
            Make primary
          </Button>
        )}
        <Button size="sm" isLoading={isChecking} loadingWord="Checking…" onClick={() => void check()}>
          Check now
        </Button>
        <Button size="sm" variant="ghost" onClick={() => setIsRemoving(true)}>
          Remove…
        </Button>
      </div>
      <p role="status" className="text-xs text-fg-1">
        {domain.problem ?? (domain.checked_at === null ? "Not checked yet." : "Nothing is missing.")}
        {domain.checked_at === null ? null : (
          <span className="text-fg-2">
            {" Checked "}
            <RelativeTime at={domain.checked_at} />.
          </span>
        )}
      </p>
      {isLocal ? (
        <Banner tone="warn">
          This server's address is on localhost, so no domain can lead to it. An administrator sets a public address first.
        </Banner>
      ) : null}
      {isComplete ? null : <Records domain={domain} />}
      {domain.counterpart !== null || domain.hostname.startsWith("www.") ? (
        <div className="text-xs">
          <Switch
            label={domain.counterpart === null ? "Also redirect the name without www" : `Redirect ${domain.counterpart}`}
            isOn={domain.counterpart !== null}
            onChange={(isOn) => void attempt(actions.setCounterpart(domain.id, isOn))}
          />
        </div>
      ) : null}
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setIsRemoving}
        title={`Remove ${domain.hostname}?`}
        confirmLabel="Remove domain"
        loadingWord="Removing domain…"
        isDanger
        onConfirm={async () => void (await actions.remove(domain.id))}
      >
        The app is no longer reached at this domain. Adding the domain again requires a new TXT record.
      </ConfirmDialog>
    </li>
  );
}

const instruction = "Set these records at your DNS provider.";
type DnsRecord = Domain["records"][number];
const keyOf = ({ type, name, value }: DnsRecord) => `${type} ${name} ${value}`;

function Records({ domain }: { domain: Domain }) {
  return useIsNarrow() ? <RecordList records={domain.records} /> : <RecordTable records={domain.records} />;
}

const RecordTable = ({ records }: { records: readonly DnsRecord[] }) => (
  <div {...scrollable} className="overflow-x-auto">
    <table className="w-full min-w-130 text-left text-xs">
      <caption className="pb-1 text-left text-fg-2">{instruction}</caption>
      <thead className="text-fg-2">
        <tr>
          <th className="py-1 pr-3 font-normal">Type</th>
          <th className="py-1 pr-3 font-normal">Name</th>
          <th className="py-1 pr-3 font-normal">Value</th>
          <th className="py-1 font-normal">Found</th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr key={keyOf(record)} className="border-t border-line-0">
            <th scope="row" className="py-1.5 pr-3 font-mono font-normal">
              {record.type}
            </th>
            <td className="py-1.5 pr-3 font-mono break-all text-fg-0">{record.name}</td>
            <td className="py-1.5 pr-3">
              <Copied record={record} />
            </td>
            <td className="py-1.5 break-all">
              <Found record={record} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** On a narrow screen, where a table would hide the values. */
const RecordList = ({ records }: { records: readonly DnsRecord[] }) => (
  <div className="grid gap-2 text-xs">
    <p className="text-fg-2">{instruction}</p>
    <ul aria-label="DNS records" className="grid gap-2">
      {records.map((record) => (
        <li key={keyOf(record)} className="border-t border-line-0 pt-2">
          <dl className="grid grid-cols-[56px_minmax(0,1fr)] items-center gap-y-1 text-fg-2">
            <dt>Type</dt>
            <dd className="font-mono text-fg-0">{record.type}</dd>
            <dt>Name</dt>
            <dd className="font-mono break-all text-fg-0">{record.name}</dd>
            <dt>Value</dt>
            <dd>
              <Copied record={record} />
            </dd>
            <dt>Found</dt>
            <dd className="break-all">
              <Found record={record} />
            </dd>
          </dl>
        </li>
      ))}
    </ul>
  </div>
);

const Copied = ({ record: { type, name, value } }: { record: DnsRecord }) => (
  <span className="flex items-center gap-1">
    <span className="min-w-0 font-mono break-all text-fg-0">{value}</span>
    <CopyButton text={value} label={`Copy ${type} record of ${name}`} />
  </span>
);

const Found = ({ record: { is_found, found } }: { record: DnsRecord }) =>
  is_found ? <span className="text-ok">Yes</span> : <span className="text-fg-2">{found.length === 0 ? "Nothing" : found.join(", ")}</span>;
