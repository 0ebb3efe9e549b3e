import type { QuestionAsked, QuestionResolved, RunEventData } from "@tesslate/contract";
import type { Part, QuestionPart, Run } from "./chat.types.ts";

/** A question of the agent: its tool and the run wait for the answer. */
export function onQuestionAsked(run: Run, data: RunEventData<"question_asked">): Run {
  if (run.parts.some((part) => part.kind === "question" && part.questionId === data.question_id)) return run;
  const index = run.parts.findIndex((part) => part.kind === "tool" && part.status === "running" && part.name === data.tool_name);
  const tool = run.parts[index];
  const parts = tool?.kind === "tool" ? run.parts.with(index, { ...tool, status: "waiting" }) : run.parts;
  const question: QuestionPart = {
    kind: "question",
    key: `q${data.question_id}`,
    questionId: data.question_id,
    asked: data as QuestionAsked,
    ...(tool?.kind === "tool" && { toolKey: tool.key }),
  };
  return { ...run, status: "waiting", parts: [...parts, question] };
}

export function onQuestionResolved(run: Run, data: QuestionResolved): Run {
  const question = run.parts.find((part) => part.kind === "question" && part.questionId === data.question_id);
  const toolKey = question?.kind === "question" ? question.toolKey : undefined;
  const parts = run.parts.map((part): Part => {
    if (part.kind === "question" && part.questionId === data.question_id) return { ...part, answer: data };
    if (part.kind === "tool" && part.key === toolKey && part.status === "waiting")
      return { ...part, status: "running", startedAt: data.at };
    return part;
  });
  const isStillAsked = parts.some((part) => (part.kind === "approval" || part.kind === "question") && !part.answer);
  return { ...run, parts, status: isStillAsked ? "waiting" : "running" };
}

/** A question that was open when the run ended. */
export const withdrawn = (part: QuestionPart, at: string): QuestionPart =>
  part.answer ? part : { ...part, answer: { question_id: part.questionId, outcome: "cancelled", choices: [], text: null, by: null, at } };

/** The answer as text, without the value of a secret. */
export function answerText(part: QuestionPart): string {
  const { answer, asked } = part;
  if (!answer) return "";
  switch (answer.outcome) {
    case "answered":
      if (asked.kind === "secret") return `${asked.secret_key} is set`;
      return [...answer.choices, ...(answer.text ? [`“${answer.text}”`] : [])].join(", ");
    case "declined":
      return asked.kind === "secret" ? `${asked.secret_key} was not provided` : "Skipped";
    case "timeout":
      return "No answer in time";
    case "cancelled":
    case "expired":
      return "Not answered";
  }
}
