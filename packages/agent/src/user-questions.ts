export interface Choice {
  label: string;
  description?: string;
}

/** A question of a tool to the person (`ToolContext.ask`). */
export type UserQuestion =
  | {
      kind: "question";
      question: string;
      choices: Choice[];
      /** Several choices may be picked. */
      is_multiple: boolean;
      /** Free text is accepted beside or instead of choices. */
      allows_text: boolean;
    }
  /** The value is stored in the project's secrets; neither the agent nor the model sees it. */
  | { kind: "secret"; secret_key: string; reason: string; container: string | null };

export type UserQuestionRequest = UserQuestion & { question_id: string; tool_name: string };

export type UserAnswer =
  | {
      outcome: "answered";
      /** Labels, in the order they were offered. */
      choices: string[];
      text: string | null;
    }
  | { outcome: "declined"; text: string | null }
  | { outcome: "timeout" };
