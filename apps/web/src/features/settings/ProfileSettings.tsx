import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { User } from "@tesslate/contract";
import { hasCode } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { signOut } from "../auth/index.ts";
import { meQuery, useUpdateMe } from "../users/index.ts";
import { AvatarSection } from "./AvatarSection.tsx";
import { useUsernameCheck } from "./use-username-check.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const formOf = (user: User) => ({
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
  const [signOutError, setSignOutError] = useState<ReactNode>();
  const update = useUpdateMe();
  const saved = formOf(user);
  const form = useForm({
    start: saved,
    saved,
    submit: async (values) => {
      const after = await update.mutateAsync({
        name: values.name.trim(),
        ...(values.username !== user.username && { username: values.username.trim() }),
        bio: values.bio.trim() || null,
        website_url: values.website_url.trim() || null,
        github_username: values.github_username.trim() || null,
        twitter_handle: values.twitter_handle.trim() || null,
      });
      form.reset(formOf(after));
      toast("Profile saved.");
    },
    faultsOf: (error) => (hasCode(error, "username_taken") ? { username: "This username is not available." } : undefined),
  });
  const { errors } = form;
  const problem = useUsernameCheck(form.values.username, user.username);
  const leave = async () => {
    try {
      await signOut(queryClient);
      await navigate({ to: "/login" });
    } catch (error) {
      setSignOutError(<ErrorSentence of={error} />);
    }
  };

  return (
    <>
      <AvatarSection />
      <SettingsSection
        id="profile"
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
        <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
          {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
          <Field label="Name" error={errors.name}>
            <Input {...form.text("name")} autoComplete="name" maxLength={100} />
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
            <Input {...form.text("username")} autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={50} />
          </Field>
          <Field label="About you" error={errors.bio}>
            <Textarea {...form.text("bio")} maxLength={2000} />
          </Field>
          <Field label="Website" error={errors.website_url}>
            <Input {...form.text("website_url")} type="url" autoComplete="url" placeholder="alder.example" maxLength={500} />
          </Field>
          <div className="grid grid-cols-2 gap-3 narrow:grid-cols-1">
            <Field label="GitHub" error={errors.github_username}>
              <Input {...form.text("github_username")} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={100} />
            </Field>
            <Field label="X" error={errors.twitter_handle}>
              <Input {...form.text("twitter_handle")} autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={100} />
            </Field>
          </div>
          <div>
            <Button type="submit" variant="primary" disabled={!form.isDirty} isLoading={form.isSubmitting} loadingWord="Saving…">
              Save
            </Button>
          </div>
        </form>
      </SettingsSection>
      <SettingsSection id="sign-out" title="This session" hint={`Signed in as ${user.email}`}>
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
