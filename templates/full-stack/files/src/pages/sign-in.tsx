import { useQueryClient } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { Link, useNavigate } from "react-router";
import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Card, CardContent } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { auth } from "@/lib/auth";

const minPasswordLength = 10;

/** Sign-in, or sign-up with a name. */
export default function SignIn({ isNew = false }: { isNew?: boolean }) {
  const id = useId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const credentials = { email: text("email").trim(), password: text("password") };
    setIsBusy(true);
    setError(undefined);
    const result = await (isNew
      ? auth.signUp.email({ ...credentials, name: text("name").trim() || credentials.email })
      : auth.signIn.email(credentials));
    setIsBusy(false);
    if (result.error) return setError(result.error.message ?? "The server didn't respond. Try again.");
    await queries.resetQueries();
    await navigate("/");
  };

  return (
    <Card className="mx-auto max-w-sm">
      <CardContent className="flex flex-col gap-5">
      <h1 className="text-lg font-semibold">{isNew ? "Create account" : "Sign in"}</h1>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {isNew && (
          <div className="flex flex-col gap-2">
            <Label htmlFor={`${id}-name`}>Name</Label>
            <Input id={`${id}-name`} name="name" autoComplete="name" required maxLength={100} />
          </div>
        )}
        <div className="flex flex-col gap-2">
          <Label htmlFor={`${id}-email`}>Email</Label>
          <Input id={`${id}-email`} name="email" type="email" autoComplete="email" required />
        </div>
        <div className="flex flex-col gap-2">
          <Label htmlFor={`${id}-password`}>Password</Label>
          <Input
            id={`${id}-password`}
            name="password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            required
            minLength={isNew ? minPasswordLength : undefined}
            aria-describedby={isNew ? `${id}-hint` : undefined}
          />
          {isNew && (
            <p id={`${id}-hint`} className="text-xs text-muted-foreground">
              At least {minPasswordLength} characters.
            </p>
          )}
        </div>
        {error && (
          <Alert variant="destructive">
            <AlertDescription>{error}</AlertDescription>
          </Alert>
        )}
        <Button type="submit" disabled={isBusy}>
          {isNew ? "Create account" : "Sign in"}
        </Button>
      </form>
      <p className="text-sm text-muted-foreground">
        {isNew ? "Already have an account? " : "No account yet? "}
        <Link to={isNew ? "/sign-in" : "/sign-up"} className="font-medium text-foreground underline underline-offset-4">
          {isNew ? "Sign in" : "Create account"}
        </Link>
      </p>
      </CardContent>
    </Card>
  );
}
