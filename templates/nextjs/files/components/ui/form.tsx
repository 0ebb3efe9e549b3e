"use client";

import { Slot, type Label as LabelPrimitive } from "radix-ui";
import { createContext, use, useId, useMemo, type ComponentProps } from "react";
import {
  Controller,
  FormProvider,
  useFormContext,
  useFormState,
  type ControllerProps,
  type FieldPath,
  type FieldValues,
} from "react-hook-form";
import { Label } from "@/components/ui/label";
import { cn } from "@/lib/utils";

/** `<Form {...form}>` gives the fields below it the form of `useForm`. It renders no element. */
const Form = FormProvider;

const FieldContext = createContext<{ name: string } | null>(null);
const ItemContext = createContext<{ id: string } | null>(null);

function FormField<Values extends FieldValues = FieldValues, Name extends FieldPath<Values> = FieldPath<Values>, Transformed = Values>(
  props: ControllerProps<Values, Name, Transformed>,
) {
  const field = useMemo(() => ({ name: props.name }), [props.name]);
  return (
    <FieldContext value={field}>
      <Controller {...props} />
    </FieldContext>
  );
}

/** The state of the field around the caller, and the ids that connect its label, description and error with the control. */
function useFormField() {
  const field = use(FieldContext);
  const item = use(ItemContext);
  if (!field || !item) throw new Error("useFormField must be used inside <FormField> and <FormItem>");
  const { getFieldState } = useFormContext();
  const formState = useFormState({ name: field.name });
  return {
    id: item.id,
    name: field.name,
    formItemId: `${item.id}-control`,
    formDescriptionId: `${item.id}-description`,
    formMessageId: `${item.id}-message`,
    ...getFieldState(field.name, formState),
  };
}

function FormItem({ className, ...props }: ComponentProps<"div">) {
  const id = useId();
  const item = useMemo(() => ({ id }), [id]);
  return (
    <ItemContext value={item}>
      <div data-slot="form-item" className={cn("grid gap-2", className)} {...props} />
    </ItemContext>
  );
}

function FormLabel({ className, ...props }: ComponentProps<typeof LabelPrimitive.Root>) {
  const { error, formItemId } = useFormField();
  return (
    <Label
      data-slot="form-label"
      data-error={Boolean(error)}
      className={cn("data-[error=true]:text-destructive", className)}
      htmlFor={formItemId}
      {...props}
    />
  );
}

function FormControl(props: ComponentProps<typeof Slot.Root>) {
  const { error, formItemId, formDescriptionId, formMessageId } = useFormField();
  return (
    <Slot.Root
      data-slot="form-control"
      id={formItemId}
      aria-describedby={error ? `${formDescriptionId} ${formMessageId}` : formDescriptionId}
      aria-invalid={Boolean(error)}
      {...props}
    />
  );
}

function FormDescription({ className, ...props }: ComponentProps<"p">) {
  const { formDescriptionId } = useFormField();
  return <p data-slot="form-description" id={formDescriptionId} className={cn("text-sm text-muted-foreground", className)} {...props} />;
}

/** The error of the field; without one, its children. */
function FormMessage({ className, children, ...props }: ComponentProps<"p">) {
  const { error, formMessageId } = useFormField();
  const message = error?.message ?? children;
  if (!message) return null;
  return (
    <p data-slot="form-message" id={formMessageId} className={cn("text-sm text-destructive", className)} {...props}>
      {message}
    </p>
  );
}

export { Form, FormControl, FormDescription, FormField, FormItem, FormLabel, FormMessage, useFormField };
