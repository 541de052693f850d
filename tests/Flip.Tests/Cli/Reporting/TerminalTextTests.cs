using Flip.Cli.Reporting;
using Spectre.Console;

namespace Flip.Tests.Cli.Reporting;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("a dog, ein Hünd, 狗, כלב, 😀 \u200f\t\n\r\n", "a dog, ein Hünd, 狗, כלב, 😀 \u200f\t\n\r\n")]
    [InlineData("\u001b]0;title\u0007", "\\u001B]0;title\\u0007")]
    [InlineData("\u009b2J\u0090\u009d", "\\u009B2J\\u0090\\u009D")]
    [InlineData("safe\rgone", "safe\\u000Dgone")]
    [InlineData("a\b\0\u007f\v\f\r", "a\\u0008\\u0000\\u007F\\u000B\\u000C\\u000D")]
    [InlineData("\u202agnp\u202e\u2066x\u2069\u2028\u2029", "\\u202Agnp\\u202E\\u2066x\\u2069\\u2028\\u2029")]
    public void What_a_terminal_would_obey_is_shown_as_its_escape(string text, string expected)
    {
        Assert.Equal(expected, TerminalText.Of(text));
        using var console = new StringWriter();
        using var writer = new TerminalWriter(console);
        writer.Write(text);
        writer.Write(text.AsSpan());
        writer.Write(text.ToCharArray());
        writer.WriteLine(text);
        writer.WriteLine("{0}", text);
        Assert.Equal(expected + expected + expected + expected + console.NewLine + expected + console.NewLine, console.ToString());
    }

    [Fact]
    public void A_tables_own_colors_pass_and_those_of_its_text_do_not()
    {
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.Standard, Out = new AnsiConsoleOutput(writer) });
        Consoles.FilterText(console);
        console.Write(new Table().AddColumns("[red]ours[/]").AddRow(Markup.Escape("[red]theirs[/]\u001b[31m\u202e")));
        var text = writer.ToString();
        Assert.Contains("\u001b[91mours\u001b[0m", text, StringComparison.Ordinal);
        Assert.Contains("[red]theirs[/]\\u001B[31m\\u202E", text, StringComparison.Ordinal);
    }
}
