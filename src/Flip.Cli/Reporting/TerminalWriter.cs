using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Flip.Cli.Reporting;

/// <summary>A console's writer, before which all text passes through <see cref="TerminalText"/>.</summary>
/// <param name="console">The writer behind; it stays open.</param>
internal sealed class TerminalWriter(TextWriter console) : TextWriter(console.FormatProvider)
{
    /// <inheritdoc/>
    public override Encoding Encoding => console.Encoding;

    /// <inheritdoc/>
    [AllowNull]
    public override string NewLine
    {
        get => console.NewLine;
        set => console.NewLine = value;
    }

    /// <inheritdoc/>
    public override void Write(char value) => Write([value]);

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => console.Write(TerminalText.Of(buffer));

    /// <inheritdoc/>
    public override void Write(string? value) => console.Write(value is null ? null : TerminalText.Of(value));

    /// <inheritdoc/>
    public override void WriteLine() => console.WriteLine();

    /// <inheritdoc/>
    public override void WriteLine(string? value) => console.WriteLine(value is null ? null : TerminalText.Of(value));

    /// <inheritdoc/>
    public override void WriteLine(ReadOnlySpan<char> buffer) => console.WriteLine(TerminalText.Of(buffer));

    /// <inheritdoc/>
    public override void Flush() => console.Flush();
}
