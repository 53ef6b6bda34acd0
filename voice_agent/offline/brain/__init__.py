"""The offline brain: rules that choose and fill tools by their schemas. `llm.RulesLLM` is its LiveKit face."""
