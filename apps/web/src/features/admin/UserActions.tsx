import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { deletionGraceDays, type AdminUserDetail, type Tier } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDate } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery } from "../users/index.ts";
import { useUserActions } from "./admin-users.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { tierOptions, tierWords } from "./user-looks.tsx";

type Plain = "suspend" | "unsuspend" | "role" | "password" | "second-step" | "impersonate" | "delete" | "restore";
type Asked = Plain | "tier" | "credits" | "sessions";
const hasOwnFields = (asked: Asked): asked is Exclude<Asked, Plain> => asked === "tier" || asked === "credits" || asked === "sessions";

/** Actions of an administrator on a user. Each requires a reason; actions that the server would refuse are hidden. */
export function UserActions({ user }: { user: AdminUserDetail }) {
  const { data: me } = useQuery(meQuery);
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const isSelf = me?.id === user.id;
  const isLiving = user.is_active && !user.is_suspended && !user.is_deleted;
  const actionButton = (what: Asked, label: string, isDanger = false) => (
    <Button size="sm" variant={isDanger ? "danger" : "plain"} onClick={() => setAsked(what)}>
      {label}
    </Button>
  );
  return (
    <div className="flex flex-wrap gap-1.5">
      {actionButton("credits", "Adjust credits…")}
      {actionButton("tier", "Change plan…")}
      {isLiving && !user.is_superuser ? actionButton("impersonate", "Impersonate user…") : null}
      {isSelf ? null : actionButton("sessions", "Sign out everywhere…")}
      {isLiving && !user.is_superuser ? actionButton("password", "Reset password…") : null}
      {isLiving && !user.is_superuser ? actionButton("second-step", "Reset two-factor authentication…") : null}
      {isSelf
        ? null
        : user.is_superuser
          ? actionButton("role", "Remove admin access…", true)
          : isLiving
            ? actionButton("role", "Grant admin access…")
            : null}
      {user.is_suspended
        ? actionButton("unsuspend", "Unsuspend user…")
        : user.is_superuser || user.is_deleted
          ? null
          : actionButton("suspend", "Suspend user…", true)}
      {user.is_deleted
        ? actionButton("restore", "Restore account…")
        : user.is_superuser
          ? null
          : actionButton("delete", "Delete account…", true)}
      {asked === "credits" ? <CreditsDialog user={user} onClose={close} /> : null}
      {asked === "tier" ? <TierDialog user={user} onClose={close} /> : null}
      {asked === "sessions" ? <SessionsDialog user={user} onClose={close} /> : null}
      {asked && !hasOwnFields(asked) ? <PlainDialog asked={asked} user={user} onClose={close} /> : null}
    </div>
  );
}

interface DialogOf {
  user: AdminUserDetail;
  onClose: () => void;
}

function PlainDialog({ asked, user, onClose }: DialogOf & { asked: Plain }) {
  const actions = useUserActions(user.id);
  const shared = { onClose };
  const running = counted(user.running_project_count, "project");
  switch (asked) {
    case "suspend":
      return (
        <ReasonDialog
          {...shared}
          title={`Suspend ${user.name}?`}
          confirmLabel="Suspend user"
          loadingWord="Suspending user…"
          isDanger
          canNotify
          onConfirm={async (reason, notify_user) => {
            await actions.update.mutateAsync({ is_suspended: true, reason, notify_user });
            toast(`${user.name} suspended.`);
          }}
        >
          This signs the user out everywhere, blocks their API keys, and stops their projects and deployments. Running now: {running}. Files
          aren't affected.
        </ReasonDialog>
      );
    case "unsuspend":
      return (
        <ReasonDialog
          {...shared}
          title={`Unsuspend ${user.name}?`}
          confirmLabel="Unsuspend user"
          loadingWord="Unsuspending user…"
          canNotify
          onConfirm={async (reason, notify_user) => {
            await actions.update.mutateAsync({ is_suspended: false, reason, notify_user });
            toast(`${user.name} unsuspended.`);
          }}
        >
          The user can sign in again. Their deployments restart; their projects don't start automatically.
        </ReasonDialog>
      );
    case "role":
      return (
        <ReasonDialog
          {...shared}
          title={user.is_superuser ? `Remove admin access from ${user.name}?` : `Grant admin access to ${user.name}?`}
          confirmLabel={user.is_superuser ? "Remove admin access" : "Grant admin access"}
          loadingWord="Saving…"
          isDanger={user.is_superuser}
          onConfirm={async (reason) => {
            await actions.update.mutateAsync({ is_superuser: !user.is_superuser, reason });
            toast(user.is_superuser ? `${user.name} is no longer an admin.` : `${user.name} is now an admin.`);
          }}
        >
          {user.is_superuser
            ? "The user loses access to the admin pages immediately. The account isn't affected."
            : "Admins see all accounts and projects and can do everything you can, including removing your admin access."}
        </ReasonDialog>
      );
    case "password":
      return (
        <ReasonDialog
          {...shared}
          title={`Reset password for ${user.name}?`}
          confirmLabel="Reset password"
          loadingWord="Resetting password…"
          isDanger
          onConfirm={async (reason) => {
            const { is_mailed } = await actions.resetPassword.mutateAsync({ reason });
            toast(
              is_mailed
                ? "Password reset. We emailed them a link."
                : "Password reset. No mail server is configured. Find the link under Email and send it to the user.",
            );
          }}
        >
          The current password stops working and the user is signed out everywhere. We send {user.email} a link to set a new password. The
          link expires after 1 day.
        </ReasonDialog>
      );
    case "second-step":
      return (
        <ReasonDialog
          {...shared}
          title={`Reset two-factor authentication for ${user.name}?`}
          confirmLabel="Reset two-factor authentication"
          loadingWord="Resetting…"
          isDanger
          onConfirm={async (reason) => {
            await actions.resetSecondFactor.mutateAsync({ reason });
            toast("Two-factor authentication reset.");
          }}
        >
          This removes the authenticator app, recovery codes and email codes. The user can then sign in with only a password. Verify the
          user's identity first.
        </ReasonDialog>
      );
    case "delete":
      return (
        <ReasonDialog
          {...shared}
          title={`Delete ${user.name}'s account?`}
          confirmLabel="Delete account"
          loadingWord="Deleting account…"
          isDanger
          canNotify
          onConfirm={async (reason, notify_user) => {
            const { scheduled_for } = await actions.remove.mutateAsync({ reason, notify_user });
            toast(`${user.name}'s account is scheduled for deletion on ${formatDate(scheduled_for)}.`);
          }}
        >
          This signs the user out everywhere and stops their projects and deployments. Running now: {running}. The account and all its data
          are deleted after {counted(deletionGraceDays, "day")}. Until then you can restore the account.
        </ReasonDialog>
      );
    case "restore":
      return (
        <ReasonDialog
          {...shared}
          title={`Restore ${user.name}'s account?`}
          confirmLabel="Restore account"
          loadingWord="Restoring account…"
          onConfirm={async (reason) => {
            await actions.restore.mutateAsync({ reason });
            toast("Account restored.");
          }}
        >
          This cancels the deletion. The user's deployments restart; their projects don't start automatically.
        </ReasonDialog>
      );
    case "impersonate":
      return (
        <ReasonDialog
          {...shared}
          title={`Impersonate ${user.name}?`}
          confirmLabel="Impersonate user"
          loadingWord="Starting impersonation…"
          onConfirm={async (reason) => {
            await actions.impersonate.mutateAsync({ reason });
          }}
        >
          You can see and do what the user can, for up to 30 minutes. Every change is logged with both names. You can't use their passwords,
          keys, secrets or terminals.
        </ReasonDialog>
      );
  }
}

function CreditsDialog({ user, onClose }: DialogOf) {
  const { update } = useUserActions(user.id);
  const [text, setText] = useState("");
  // One key per opened dialog: a repeated request is applied once.
  const [key] = useState(() => crypto.randomUUID());
  const amount = /^[+-]?\d{1,8}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  const after = user.purchased_credits + amount;
  const problem = !amount
    ? "Enter a whole number. Use a minus sign to remove credits."
    : after < 0
      ? `Only ${counted(user.purchased_credits, "credit")} available.`
      : undefined;
  return (
    <ReasonDialog
      title={`Adjust credits for ${user.name}?`}
      confirmLabel={amount < 0 ? "Remove credits" : "Add credits"}
      loadingWord="Adjusting credits…"
      maxLength={500}
      canNotify
      problem={problem}
      isTyped={text !== ""}
      fields={
        <Field
          label="Credits"
          hint={problem ? `Current balance: ${counted(user.purchased_credits, "credit")}` : `New balance: ${counted(after, "credit")}`}
        >
          <Input
            name="amount"
            inputMode="numeric"
            autoComplete="off"
            placeholder="500 or -500"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      }
      onConfirm={async (reason, notify_user) => {
        await update.mutateAsync({ credits_adjustment: amount, reason, notify_user, idempotency_key: key });
        const changed = counted(Math.abs(amount), "credit");
        toast(amount < 0 ? `${changed} removed from ${user.name}.` : `${changed} added to ${user.name}.`);
      }}
      onClose={onClose}
    >
      This changes the purchased credits, which never expire. 1 credit is 1 US cent.
    </ReasonDialog>
  );
}

function TierDialog({ user, onClose }: DialogOf) {
  const { update } = useUserActions(user.id);
  const [tier, setTier] = useState<Tier>(user.subscription_tier);
  return (
    <ReasonDialog
      title={`Change plan for ${user.name}?`}
      confirmLabel="Change plan"
      loadingWord="Changing plan…"
      canNotify
      problem={tier === user.subscription_tier ? "This is already the current plan." : undefined}
      fields={
        <Field label="Plan">
          <Select options={tierOptions} value={tier} onChange={(value) => setTier(value as Tier)} />
        </Field>
      }
      onConfirm={async (reason, notify_user) => {
        const { warning } = await update.mutateAsync({ subscription_tier: tier, reason, notify_user });
        toast(warning ?? `${user.name} is now on the ${tierWords[tier]} plan.`, warning ? { kind: "note" } : {});
      }}
      onClose={onClose}
    >
      The limits and monthly credits of the plan apply immediately. This doesn't start or stop any payments.
    </ReasonDialog>
  );
}

function SessionsDialog({ user, onClose }: DialogOf) {
  const { endSessions } = useUserActions(user.id);
  const [withKeys, setWithKeys] = useState(false);
  const keys: ReactNode =
    user.api_key_count > 0 ? (
      <Checkbox isChecked={withKeys} onChange={setWithKeys} label={`Also delete ${counted(user.api_key_count, "API key")}`} />
    ) : null;
  return (
    <ReasonDialog
      title={`Sign ${user.name} out everywhere?`}
      confirmLabel="Sign out everywhere"
      loadingWord="Signing out…"
      isDanger
      fields={keys}
      onConfirm={async (reason) => {
        const { ended_sessions } = await endSessions.mutateAsync({ reason, api_keys: withKeys });
        toast(`${counted(ended_sessions, "session")} ended.`);
      }}
      onClose={onClose}
    >
      The user can sign in again. Running projects and agents continue.
    </ReasonDialog>
  );
}
