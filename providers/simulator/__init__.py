"""A local stand-in for the five providers: it speaks their formats strictly and shares no code with the adapters."""
