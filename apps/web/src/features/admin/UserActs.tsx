import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { deletionGraceDays, type AdminUserDetail, type Tier } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery } from "../users/index.ts";
import { useUserActs } from "./admin-users.queries.ts";
import { ReasonDialog } from "./ReasonDialog.tsx";
import { tierOptions } from "./user-looks.tsx";

type Plain = "suspend" | "unsuspend" | "role" | "password" | "second-step" | "impersonate" | "delete" | "restore";
type Asked = Plain | "tier" | "credits" | "sessions";
const hasOwnFields = (asked: Asked): asked is Exclude<Asked, Plain> => asked === "tier" || asked === "credits" || asked === "sessions";

/** What an administrator can do to somebody; each asks why first. What the server would refuse is not offered. */
export function UserActs({ user }: { user: AdminUserDetail }) {
  const { data: me } = useQuery(meQuery);
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const isSelf = me?.id === user.id;
  const isLiving = user.is_active && !user.is_suspended && !user.is_deleted;
  const act = (what: Asked, label: string, isDanger = false) => (
    <Button size="sm" variant={isDanger ? "danger" : "plain"} onClick={() => setAsked(what)}>
      {label}
    </Button>
  );
  return (
    <div className="flex flex-wrap gap-1.5">
      {act("credits", "Credits…")}
      {act("tier", "Plan…")}
      {isLiving && !user.is_superuser ? act("impersonate", "Act as them…") : null}
      {isSelf ? null : act("sessions", "Sign out everywhere…")}
      {isLiving && !user.is_superuser ? act("password", "Reset password…") : null}
      {isLiving && !user.is_superuser ? act("second-step", "Drop second step…") : null}
      {isSelf
        ? null
        : user.is_superuser
          ? act("role", "Take administration away…", true)
          : isLiving
            ? act("role", "Make administrator…")
            : null}
      {user.is_suspended
        ? act("unsuspend", "Lift the suspension…")
        : user.is_superuser || user.is_deleted
          ? null
          : act("suspend", "Suspend…", true)}
      {user.is_deleted ? act("restore", "Keep the account…") : user.is_superuser ? null : act("delete", "Delete…", true)}
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
  const acts = useUserActs(user.id);
  const shared = { onClose };
  const some = (count: number, one: string, many: string) => (count === 1 ? `one ${one}` : `${count} ${many}`);
  switch (asked) {
    case "suspend":
      return (
        <ReasonDialog
          {...shared}
          title={`Suspend ${user.name}?`}
          act="Suspend"
          actWord="Suspending"
          isDanger
          canNotify
          onConfirm={async (reason, notify_user) => {
            await acts.update.mutateAsync({ is_suspended: true, reason, notify_user });
            toast(`${user.name} is suspended.`);
          }}
        >
          They are signed out everywhere at once, their keys are refused, and what runs ends:{" "}
          {some(user.running_project_count, "project", "projects")} now. Files stay.
        </ReasonDialog>
      );
    case "unsuspend":
      return (
        <ReasonDialog
          {...shared}
          title={`Lift the suspension of ${user.name}?`}
          act="Lift it"
          actWord="Lifting it"
          canNotify
          onConfirm={async (reason, notify_user) => {
            await acts.update.mutateAsync({ is_suspended: false, reason, notify_user });
            toast(`${user.name} may sign in again.`);
          }}
        >
          They can sign in again. Nothing starts by itself.
        </ReasonDialog>
      );
    case "role":
      return (
        <ReasonDialog
          {...shared}
          title={user.is_superuser ? `Take administration away from ${user.name}?` : `Make ${user.name} an administrator?`}
          act={user.is_superuser ? "Take it away" : "Make administrator"}
          actWord="Changing"
          isDanger={user.is_superuser}
          onConfirm={async (reason) => {
            await acts.update.mutateAsync({ is_superuser: !user.is_superuser, reason });
            toast(user.is_superuser ? `${user.name} is no administrator any more.` : `${user.name} is an administrator now.`);
          }}
        >
          {user.is_superuser
            ? "The console closes to them with their next click. Their account stays as it is."
            : "They see everybody's accounts and projects, and can do what you can, to you as well."}
        </ReasonDialog>
      );
    case "password":
      return (
        <ReasonDialog
          {...shared}
          title={`Reset the password of ${user.name}?`}
          act="Reset it"
          actWord="Resetting"
          isDanger
          onConfirm={async (reason) => {
            const { is_mailed } = await acts.resetPassword.mutateAsync({ reason });
            toast(is_mailed ? "The password is void; a link is on its way to them." : "The password is void. This server sends no mail.");
          }}
        >
          The password stops working now and they are signed out everywhere. A link to set a new one, good for a day, goes to {user.email}.
        </ReasonDialog>
      );
    case "second-step":
      return (
        <ReasonDialog
          {...shared}
          title={`Let ${user.name} in without a second step?`}
          act="Drop it"
          actWord="Dropping it"
          isDanger
          onConfirm={async (reason) => {
            await acts.resetSecondFactor.mutateAsync({ reason });
            toast(`${user.name} signs in by password alone now.`);
          }}
        >
          For somebody who lost their phone: no authenticator, no recovery codes, no codes by mail until they set one up again. Be sure that
          it is them who asks.
        </ReasonDialog>
      );
    case "delete":
      return (
        <ReasonDialog
          {...shared}
          title={`Delete the account of ${user.name}?`}
          act="Delete the account"
          actWord="Closing"
          isDanger
          canNotify
          onConfirm={async (reason, notify_user) => {
            const { scheduled_for } = await acts.remove.mutateAsync({ reason, notify_user });
            toast(`${user.name} is out. Everything is deleted on ${new Date(scheduled_for).toLocaleDateString()}.`);
          }}
        >
          They are signed out everywhere at once and what runs ends: {some(user.running_project_count, "project", "projects")} now. In{" "}
          {deletionGraceDays} days everything of theirs is deleted for good; until then the account can be kept after all.
        </ReasonDialog>
      );
    case "restore":
      return (
        <ReasonDialog
          {...shared}
          title={`Keep the account of ${user.name}?`}
          act="Keep it"
          actWord="Keeping it"
          onConfirm={async (reason) => {
            await acts.restore.mutateAsync({ reason });
            toast(`${user.name} may sign in again.`);
          }}
        >
          Its projects are as they were; nothing starts by itself.
        </ReasonDialog>
      );
    case "impersonate":
      return (
        <ReasonDialog
          {...shared}
          title={`Act as ${user.name}?`}
          act="Act as them"
          actWord="Beginning"
          onConfirm={async (reason) => {
            await acts.impersonate.mutateAsync({ reason });
          }}
        >
          You see and do what they can, for half an hour at most. Every change is written down with both names. Passwords, keys, secrets and
          terminals stay theirs alone.
        </ReasonDialog>
      );
  }
}

function CreditsDialog({ user, onClose }: DialogOf) {
  const { update } = useUserActs(user.id);
  const [text, setText] = useState("");
  // One per opening: sent twice, it counts once.
  const [key] = useState(() => crypto.randomUUID());
  const amount = /^[+-]?\d{1,8}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
  const after = user.purchased_credits + amount;
  const problem = !amount
    ? "Give a whole number, with a minus to take."
    : after < 0
      ? `Only ${user.purchased_credits} are there to be taken.`
      : undefined;
  return (
    <ReasonDialog
      title={`Adjust the credits of ${user.name}?`}
      act={amount < 0 ? "Take them" : "Give them"}
      actWord="Adjusting"
      maxLength={500}
      canNotify
      problem={problem}
      isTyped={text !== ""}
      fields={
        <Field
          label="Credits"
          hint={
            problem ? `They have ${user.purchased_credits.toLocaleString()} purchased ones.` : `They have ${after.toLocaleString()} then.`
          }
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
        toast(`${counted(Math.abs(amount), "credit")} ${amount < 0 ? "taken from" : "given to"} ${user.name}.`);
      }}
      onClose={onClose}
    >
      Counts towards purchased credits, which never expire. One credit is one cent.
    </ReasonDialog>
  );
}

function TierDialog({ user, onClose }: DialogOf) {
  const { update } = useUserActs(user.id);
  const [tier, setTier] = useState<Tier>(user.subscription_tier);
  return (
    <ReasonDialog
      title={`Change the plan of ${user.name}?`}
      act="Change the plan"
      actWord="Changing"
      canNotify
      problem={tier === user.subscription_tier ? "This is their plan already." : undefined}
      fields={
        <Field label="Plan">
          <Select options={tierOptions} value={tier} onChange={(value) => setTier(value as Tier)} />
        </Field>
      }
      onConfirm={async (reason, notify_user) => {
        const { warning } = await update.mutateAsync({ subscription_tier: tier, reason, notify_user });
        toast(warning ?? `The plan of ${user.name} is changed.`, warning ? { kind: "note" } : {});
      }}
      onClose={onClose}
    >
      The limits and the monthly credits of the plan hold from now on. No payment is started or stopped by this.
    </ReasonDialog>
  );
}

function SessionsDialog({ user, onClose }: DialogOf) {
  const { endSessions } = useUserActs(user.id);
  const [withKeys, setWithKeys] = useState(false);
  const keys: ReactNode =
    user.api_key_count > 0 ? (
      <Checkbox isChecked={withKeys} onChange={setWithKeys} label={`Delete their API keys too (${user.api_key_count})`} />
    ) : null;
  return (
    <ReasonDialog
      title={`Sign ${user.name} out everywhere?`}
      act="Sign out"
      actWord="Signing out"
      isDanger
      fields={keys}
      onConfirm={async (reason) => {
        const { ended_sessions } = await endSessions.mutateAsync({ reason, api_keys: withKeys });
        toast(ended_sessions === 1 ? "One session ended." : `${ended_sessions} sessions ended.`);
      }}
      onClose={onClose}
    >
      They can sign in again with their password. What runs goes on.
    </ReasonDialog>
  );
}
