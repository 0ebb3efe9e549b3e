import type { Site } from "@tesslate/contract";
import { ExternalLink, Plus } from "lucide-react";
import { useState } from "react";
import { useProject } from "../../project/project-context.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { DomainRow } from "./DomainRow.tsx";
import { cleanSiteName, siteNameError } from "./site-name.ts";
import { SiteNameStatus } from "./SiteNameStatus.tsx";
import { useSiteActions, type SiteActions } from "./use-site-actions.ts";
import { useSiteName } from "./use-site-name.ts";

type Editing = "name" | "password" | "domain";

/** Addresses and password of one deployed app. */
export function SiteSection({ site, isOnly }: { site: Site; isOnly: boolean }) {
  const actions = useSiteActions(site);
  const [editing, setEditing] = useState<Editing>();
  /** Closes this form; another one may have been opened while it was saved. */
  const close = (form: Editing) => () => setEditing((current) => (current === form ? undefined : current));
  return (
    <section aria-label={site.container_name} className="grid gap-3">
      {isOnly ? null : <h3 className="text-sm font-semibold text-fg-0">{site.container_name}</h3>}
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="flex max-w-full min-w-0 items-center gap-2">
          <a href={site.url} target="_blank" rel="noreferrer" className="min-w-0 font-mono text-sm break-all text-fg-0 underline">
            {site.url}
            <ExternalLink size={12} className="ml-1 inline" aria-label="opens in a new tab" />
          </a>
          <CopyButton text={site.url} label="Copy address" />
        </span>
        {site.public_url === site.url ? null : <span className="text-xs text-fg-2">redirects to {site.public_url}</span>}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => setEditing("name")}>
          Change name…
        </Button>
        <Button size="sm" onClick={() => setEditing("password")}>
          {site.has_password ? "Change password…" : "Set password…"}
        </Button>
        <Button size="sm" icon={<Plus size={14} />} onClick={() => setEditing("domain")}>
          Add domain…
        </Button>
      </div>
      <p className="text-xs text-fg-2">
        {site.has_password ? "Visitors need a password." : "Anyone with the address can open the app."}
        {site.domains.length === 0 ? " No custom domains yet: add one to serve the app at your own address." : null}
      </p>
      {editing === "name" ? <NameForm site={site} actions={actions} onClose={close("name")} /> : null}
      {editing === "password" ? <PasswordForm site={site} actions={actions} onClose={close("password")} /> : null}
      {editing === "domain" ? <DomainForm actions={actions} onClose={close("domain")} /> : null}
      {site.domains.length > 0 ? (
        <ul className="grid gap-3">
          {site.domains.map((domain) => (
            <DomainRow key={domain.id} domain={domain} actions={actions} />
          ))}
        </ul>
      ) : null}
    </section>
  );
}

interface FormProps {
  actions: SiteActions;
  onClose: () => void;
}

function NameForm({ site, actions, onClose }: FormProps & { site: Site }) {
  const { id } = useProject();
  const form = useForm({
    start: { name: site.name },
    check: ({ name }) => ({ name: cleanSiteName(name) === "" ? "Enter a name." : siteNameError(name) }),
    submit: async ({ name }) => {
      await actions.rename(cleanSiteName(name));
      toast("Name changed.");
      onClose();
    },
  });
  const isChanged = cleanSiteName(form.values.name) !== site.name;
  const state = useSiteName(id, form.values.name, { containerId: site.container_id, isEnabled: isChanged });
  return (
    <form onSubmit={form.onSubmit} noValidate className="grid gap-2">
      {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
      <div>
        <Field label="Name" error={form.errors.name ?? state.error} hint="The former name stops working at once, and others can take it.">
          <Input {...form.text("name")} autoComplete="off" spellCheck={false} maxLength={57} className="font-mono" />
        </Field>
        <SiteNameStatus state={state} onSuggestion={(name) => form.set("name", name)} />
      </div>
      <FormButtons word="Change name" loadingWord="Changing name…" isSubmitting={form.isSubmitting} onClose={onClose} />
    </form>
  );
}

function PasswordForm({ site, actions, onClose }: FormProps & { site: Site }) {
  const form = useForm({
    start: { password: "" },
    check: ({ password }) => ({ ...(password.length < 6 && { password: "Use at least 6 characters." }) }),
    submit: async ({ password }) => {
      await actions.setPassword(password);
      toast("Password set.");
      onClose();
    },
  });
  const remove = async () => {
    await actions.setPassword(null);
    toast("Password removed. Anyone can open the app.");
    onClose();
  };
  return (
    <form onSubmit={form.onSubmit} noValidate className="grid gap-2">
      {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
      <Field
        label="Password for visitors"
        error={form.errors.password}
        hint={
          site.has_password
            ? "A new password signs out everyone who entered the former one."
            : "Visitors enter it once; their browser remembers it for 30 days."
        }
      >
        <PasswordInput {...form.text("password")} autoComplete="new-password" maxLength={200} />
      </Field>
      <div className="flex flex-wrap gap-2">
        <FormButtons word="Set password" loadingWord="Setting password…" isSubmitting={form.isSubmitting} onClose={onClose} />
        {site.has_password ? (
          <Button size="sm" onClick={() => void remove().catch((error: unknown) => toastError(error))}>
            Remove password
          </Button>
        ) : null}
      </div>
    </form>
  );
}

function DomainForm({ actions, onClose }: FormProps) {
  const form = useForm({
    start: { hostname: "" },
    check: ({ hostname }) => ({ ...(hostname.trim() === "" && { hostname: "Enter a domain." }) }),
    submit: async ({ hostname }) => {
      await actions.add(
        hostname
          .trim()
          .replace(/^https?:\/\//i, "")
          .replace(/\/$/, ""),
      );
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit} noValidate className="grid gap-2">
      {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
      <Field label="Domain" error={form.errors.hostname} hint="A domain that you own, for example shop.example.com.">
        <Input {...form.text("hostname")} autoComplete="off" spellCheck={false} maxLength={253} placeholder="shop.example.com" />
      </Field>
      <FormButtons word="Add domain" loadingWord="Adding domain…" isSubmitting={form.isSubmitting} onClose={onClose} />
    </form>
  );
}

const FormButtons = ({
  word,
  loadingWord,
  isSubmitting,
  onClose,
}: {
  word: string;
  loadingWord: string;
  isSubmitting: boolean;
  onClose: () => void;
}) => (
  <div className="flex flex-wrap gap-2">
    <Button type="submit" size="sm" variant="primary" isLoading={isSubmitting} loadingWord={loadingWord}>
      {word}
    </Button>
    <Button size="sm" variant="ghost" onClick={onClose}>
      Cancel
    </Button>
  </div>
);
