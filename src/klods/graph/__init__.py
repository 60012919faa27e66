"""The graph of a computation: plain data, its symbols, its text."""

from klods.graph.graph import Graph, Node, Operand, Value
from klods.graph.symbol import Symbol, Tracer, Untraceable, engine, tracing
from klods.graph.text import text

__all__ = ["Graph", "Node", "Operand", "Symbol", "Tracer", "Untraceable", "Value", "engine", "text", "tracing"]
