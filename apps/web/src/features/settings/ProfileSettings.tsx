import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import type { User } from "@tesslate/contract";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { signOut } from "../auth/index.ts";
import { meQuery, useUpdateMe } from "../users/index.ts";
import { AvatarSection } from "./AvatarSection.tsx";
import { useUsernameCheck } from "./use-username-check.ts";

const fields = ["name", "username", "bio", "website_url", "github_username", "twitter_handle"] as const;
type Form = Record<(typeof fields)[number], string>;
const formOf = (user: User): Form => ({
  name: user.name,
  username: user.username,
  bio: user.bio ?? "",
  website_url: user.website_url ?? "",
  github_username: user.github_username ?? "",
  twitter_handle: user.twitter_handle ?? "",
});

export function ProfileSettings() {
  const { data: user } = useSuspenseQuery(meQuery);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [form, setForm] = useState(() => formOf(user));
  const [errors, setErrors] = useState<Partial<Record<(typeof fields)[number] | "", string>>>({});
  const [signOutError, setSignOutError] = useState<string>();
  const update = useUpdateMe();
  const saved = formOf(user);
  const isDirty = fields.some((name) => form[name] !== saved[name]);
  const problem = useUsernameCheck(form.username, user.username);
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setErrors({});
    update.mutate(
      {
        name: form.name.trim(),
        ...(form.username !== user.username && { username: form.username.trim() }),
        bio: form.bio.trim() || null,
        website_url: form.website_url.trim() || null,
        github_username: form.github_username.trim() || null,
        twitter_handle: form.twitter_handle.trim() || null,
      },
      {
        onSuccess: (after) => {
          setForm(formOf(after));
          toast("Profile saved.");
        },
        onError: (error) => {
          if (hasCode(error, "username_taken")) return setErrors({ username: "This username is not available." });
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
      <AvatarSection />
      <SettingsSection
        title="Profile"
        hint={
          <>
            Your public profile is at{" "}
            <Link to="/@{$username}" params={{ username: user.username }} className="link">
              /@{user.username}
            </Link>
            . It doesn't show your email.
          </>
        }
      >
        <form onSubmit={submit} noValidate className="grid gap-3">
          {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
          <Field label="Name" error={errors.name}>
            <Input name="name" autoComplete="name" maxLength={100} value={form.name} onChange={set("name")} />
          </Field>
          <Field
            label="Username"
            error={errors.username ?? problem ?? undefined}
            hint={
              problem === null ? (
                <span className="text-ok">Username is available.</span>
              ) : (
                "3 to 50 letters, digits, - or _. You can sign in with it."
              )
            }
          >
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
          <Field label="Website" error={errors.website_url}>
            <Input
              name="website_url"
              type="url"
              autoComplete="url"
              placeholder="https://…"
              maxLength={500}
              value={form.website_url}
              onChange={set("website_url")}
            />
          </Field>
          <div className="grid grid-cols-2 gap-3 narrow:grid-cols-1">
            <Field label="GitHub" error={errors.github_username}>
              <Input
                name="github_username"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={100}
                value={form.github_username}
                onChange={set("github_username")}
              />
            </Field>
            <Field label="X" error={errors.twitter_handle}>
              <Input
                name="twitter_handle"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={100}
                value={form.twitter_handle}
                onChange={set("twitter_handle")}
              />
            </Field>
          </div>
          <div>
            <Button type="submit" variant="primary" disabled={!isDirty} isLoading={update.isPending} loadingWord="Saving…">
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
