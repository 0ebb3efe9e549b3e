import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { signOut } from "../auth/auth.queries.ts";
import { meQuery, useUpdateMe } from "../users/users.queries.ts";
import { SettingsSection } from "./SettingsSection.tsx";

const fields = ["name", "username", "bio"] as const;

export function ProfileSettings() {
  usePageTitle("Profile");
  const { data: user } = useSuspenseQuery(meQuery);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [form, setForm] = useState({ name: user.name, username: user.username, bio: user.bio ?? "" });
  const [errors, setErrors] = useState<Partial<Record<(typeof fields)[number] | "", string>>>({});
  const [signOutError, setSignOutError] = useState<string>();
  const update = useUpdateMe();
  const isDirty = form.name !== user.name || form.username !== user.username || form.bio !== (user.bio ?? "");
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setErrors({});
    update.mutate(
      { name: form.name.trim(), ...(form.username !== user.username && { username: form.username.trim() }), bio: form.bio.trim() || null },
      {
        onSuccess: (saved) => {
          setForm({ name: saved.name, username: saved.username, bio: saved.bio ?? "" });
          toast("Profile saved.");
        },
        onError: (error) => {
          if (hasCode(error, "username_taken")) return setErrors({ username: "That username is not available." });
          const found = fieldErrorsOf(error, fields);
          setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
        },
      },
    );
  };
  const leave = async () => {
    try {
      await signOut(queryClient);
      await navigate({ to: "/login" });
    } catch (error) {
      setSignOutError(sentenceOf(error));
    }
  };

  return (
    <>
      <SettingsSection title="Profile">
        <form onSubmit={submit} noValidate className="grid gap-3">
          {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
          <Field label="Name" error={errors.name}>
            <Input name="name" autoComplete="name" maxLength={100} value={form.name} onChange={set("name")} />
          </Field>
          <Field label="Username" error={errors.username} hint="3 to 50 letters, digits, - or _. You can sign in with it.">
            <Input
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={50}
              value={form.username}
              onChange={set("username")}
            />
          </Field>
          <Field label="About you" error={errors.bio}>
            <Textarea name="bio" maxLength={2000} value={form.bio} onChange={set("bio")} />
          </Field>
          <div>
            <Button type="submit" variant="primary" disabled={!isDirty} isLoading={update.isPending} loadingWord="Saving">
              Save
            </Button>
          </div>
        </form>
      </SettingsSection>
      <SettingsSection title="This session" hint={`Signed in as ${user.email}`}>
        {signOutError ? (
          <Banner tone="err" className="mb-3">
            {signOutError}
          </Banner>
        ) : null}
        <Button onClick={() => void leave()}>Sign out</Button>
      </SettingsSection>
    </>
  );
}
