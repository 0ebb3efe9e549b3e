import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { draftQuery } from "../../project/draft.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { toastError } from "../../ui/toast.tsx";
import { AuthThread, DoneStep, LiveStep, NextStep, safeNext } from "../auth/index.ts";
import { meQuery } from "../users/index.ts";
import { ConnectModelForm } from "./ConnectModelForm.tsx";
import { modelSetupQuery, useConfigureModels } from "./models.queries.ts";

const route = getRouteApi("/connect-model");

/** The step between the first account of a server and its first project. */
export function ConnectModelPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: draft = null } = useQuery(draftQuery(user.id));
  const setup = useQuery(modelSetupQuery);
  const configure = useConfigureModels();
  const goOn = () => void router.navigate({ href: safeNext(next), replace: true });
  return (
    <AuthThread title="Connect a model" prompt={draft}>
      <DoneStep>Account created</DoneStep>
      <LiveStep title="Connect a model">
        <p className="mt-1 mb-4 text-fg-2">The agent uses it to write your apps. It is tested before it is saved.</p>
        {setup.data ? (
          <ConnectModelForm setup={setup.data} onDone={goOn} />
        ) : setup.isError ? (
          <LoadFailed title="Couldn't load the providers" of={setup} className="p-0!" />
        ) : null}
      </LiveStep>
      <NextStep
        isLast
        foot={
          <span className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Link to={safeNext(next)} replace className="link">
              Skip for now
            </Link>
            {setup.data?.demo_available ? (
              <Button
                size="sm"
                variant="ghost"
                isLoading={configure.isPending}
                loadingWord="Switching…"
                onClick={() =>
                  configure.mutate({ kind: "demo", enabled: true }, { onSuccess: goOn, onError: (error) => toastError(error) })
                }
              >
                Use scripted demo
              </Button>
            ) : null}
          </span>
        }
      >
        {draft?.is_submitted ? "Your prompt runs" : "Your first project"}
      </NextStep>
    </AuthThread>
  );
}
