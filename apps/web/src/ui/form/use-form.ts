import { useRef, type BaseSyntheticEvent } from "react";
import {
  useForm as useFields,
  useWatch,
  type DefaultValues,
  type FieldErrors,
  type FieldValues,
  type Path,
  type PathValue,
  type UseFormRegisterReturn,
} from "react-hook-form";
import { useHandler } from "../../lib/use-handler.ts";
import { withHelp } from "../HelpLink.tsx";
import { codeOfRequest, faultsOfRequest, hasFaults, type FaultOptions, type Faults, type ShownFaults } from "./faults.ts";
import { useLeaveGuard } from "./leave-guard.ts";

/** Where the library keeps what concerns no field. It clears its own `root` before it decides whether a form may be sent. */
const formKey = "#form";
const keyOf = (name: string) => name || formKey;

/** The type of faults that the form itself finds. Those of a request have the code of its error. */
const ownFault = "#check";

type NameOf<V> = keyof V & string;

export interface FormOptions<V extends FieldValues> extends FaultOptions<NameOf<V>> {
  /** The values the form starts with. Named as the fields of the request, so that the server's errors find them. */
  start: V;
  /** What is stored, for forms that stay open: unchanged fields follow it. */
  saved?: V;
  /** Sentences for values that cannot be sent. Runs when the form is sent, and from then on for each field that changes. */
  check?: (values: V) => Faults<NameOf<V>>;
  /** Sends the values. If it rejects, the form shows why. */
  submit: (values: V) => Promise<unknown>;
  /** `false`: the browser does not ask before it leaves the page with changes, because they are kept or cost nothing to type again. */
  isGuarded?: boolean;
}

export interface Form<V extends FieldValues> {
  /** The values now. */
  values: V;
  /** Sentences by field, and under "" what concerns none. */
  errors: ShownFaults<NameOf<V>>;
  isSubmitting: boolean;
  /** The values differ from those the form started with. Dialogs pass it as `isHeld`. */
  isDirty: boolean;
  /** For `<form onSubmit>`; called without an event, it sends the form as well. */
  onSubmit: (event?: BaseSyntheticEvent) => void;
  /** Binds an `Input`, `PasswordInput` or `Textarea`, which keeps its text itself. */
  text: (name: NameOf<V>) => UseFormRegisterReturn;
  /** Binds a control with `value` and `onChange(value)`: `Select`, `SegmentedControl`, `CodeInput`. */
  choice: <N extends NameOf<V>>(name: N) => { value: V[N]; onChange: (value: V[N]) => void };
  /** Also clears the field's error. */
  set: <N extends NameOf<V>>(name: N, value: V[N]) => void;
  show: (errors: Faults<NameOf<V>>) => void;
  /** Shows why a request failed that belongs to the form but does not send it. */
  fail: (error: unknown) => void;
  /** Starts over, with these values. */
  reset: (values?: V) => void;
}

/** A form: values, checks, busy state, errors of the server at their fields, and a guard of what was typed. `Field` moves focus to the first error. */
export function useForm<V extends FieldValues>({
  start,
  saved,
  check = () => ({}),
  submit,
  isGuarded = true,
  ...faultOptions
}: FormOptions<V>): Form<V> {
  const checkNow = useHandler(check);
  const fields = useFields<V>({
    defaultValues: start as DefaultValues<V>,
    ...(saved && { values: saved, resetOptions: { keepDirtyValues: true } }),
    // `Field` does, for every control.
    shouldFocusError: false,
    resolver: (values) => {
      const found = Object.entries(checkNow(values)).filter(([, message]) => message);
      if (found.length === 0) return { values, errors: {} };
      return {
        values: {},
        errors: Object.fromEntries(found.map(([name, message]) => [keyOf(name), { type: ownFault, message }])) as FieldErrors<V>,
      };
    },
  });
  const { formState, handleSubmit, register, setValue, setError, clearErrors, getValues, reset } = fields;
  const values = useWatch({ control: fields.control }) as V;
  const { errors, isSubmitting, isDirty } = formState;
  const isSent = useRef(false);
  const isStartedOver = useRef(false);
  // Sending may itself lead to another page.
  useLeaveGuard(isGuarded && isDirty && !isSubmitting);

  const show = (faults: Faults<NameOf<V>>, code = ownFault) => {
    clearErrors();
    for (const [name, message] of Object.entries(faults)) if (message) setError(keyOf(name) as Path<V>, { type: code, message });
  };
  const fail = (error: unknown) =>
    show(faultsOfRequest(error, Object.keys(getValues()) as NameOf<V>[], faultOptions), codeOfRequest(error));
  const set: Form<V>["set"] = (name, value) => {
    setValue(name as unknown as Path<V>, value as PathValue<V, Path<V>>, { shouldDirty: true });
    clearErrors(name as unknown as Path<V>);
  };
  const send = async (sent: V) => {
    isStartedOver.current = false;
    try {
      await submit(sent);
      // The sent values are saved; only what was typed since is unsaved.
      if (!isStartedOver.current) reset(sent, { keepValues: true, keepDirtyValues: false });
    } catch (error) {
      fail(error);
    }
  };

  return {
    values,
    errors: Object.fromEntries(
      Object.entries(errors).map(([name, error]) => {
        const { type = ownFault, message } = error as { type?: string; message?: string };
        return [name === formKey ? "" : name, withHelp(type === ownFault ? undefined : type, message)];
      }),
    ) as ShownFaults<NameOf<V>>,
    isSubmitting,
    isDirty,
    onSubmit: (event) => {
      event?.preventDefault();
      if (isSent.current) return;
      isSent.current = true;
      // The library shows what it refuses a moment later.
      const faults = checkNow(getValues());
      if (hasFaults(faults)) show(faults);
      void handleSubmit(send)(event).finally(() => (isSent.current = false));
    },
    text: (name) => register(name as unknown as Path<V>),
    choice: (name) => ({ value: values[name], onChange: (value) => set(name, value) }),
    set,
    show: (faults) => show(faults),
    fail,
    reset: (values) => {
      isStartedOver.current = true;
      // What is stored leaves changed fields alone (`saved`); starting over does not.
      reset(values, { keepDirtyValues: false });
    },
  };
}
