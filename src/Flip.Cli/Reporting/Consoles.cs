using Spectre.Console;
using Spectre.Console.Rendering;

namespace Flip.Cli.Reporting;

/// <summary>
/// The process's consoles, as they are at the moment of the call: a test may have put its own in their place. What reaches them passes through
/// <see cref="TerminalText"/>: <see cref="Filter"/> is put before both for the length of a command, and the tables and bars made here, which write
/// sequences of their own, filter the text in them.
/// </summary>
internal static class Consoles
{
    private const int FileWidth = 180; // columns of a file; the 80 that are assumed of one would break the rows

    private static Console? _output;
    private static Console? _error;

    /// <summary>Puts the filter before standard output and standard error.</summary>
    /// <param name="isMuted">Nothing is shown, but for what is written to <see cref="OwnError"/>: another process speaks for this one.</param>
    /// <returns>Takes it away.</returns>
    public static IDisposable Filter(bool isMuted = false) => new FilteredConsoles(isMuted);

    /// <summary>Standard error of a process that is muted otherwise.</summary>
    public static TextWriter OwnError { get; private set; } = System.Console.Error;

    /// <summary>Standard output.</summary>
    public static IAnsiConsole Output() => Of(error: false);

    /// <summary>Standard output, or standard error where standard output is to hold JSON alone.</summary>
    public static IAnsiConsole Of(bool error)
    {
        var output = (error ? _error : _output) ?? new Console(error ? System.Console.Error : System.Console.Out);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output,
            Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = output.IsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        FilterText(console);
        if (!output.IsTerminal)
        {
            console.Profile.Width = FileWidth;
        }

        return console;
    }

    /// <summary>Filters the text of all that a console draws.</summary>
    internal static void FilterText(IAnsiConsole console) => console.Pipeline.Attach(new FilteredText());

    /// <summary>Progress on standard output; on standard error where standard output is to hold JSON alone.</summary>
    public static ConsoleProgress Progress(bool json) => new(Of(error: json));

    /// <summary>A console's own writer, and whether it is a terminal: Spectre can tell of the process's present writers alone.</summary>
    private sealed class Console(TextWriter writer) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _size = new(writer);

        public TextWriter Writer { get; } = writer;

        public bool IsTerminal { get; } = new AnsiConsoleOutput(writer).IsTerminal;

        public int Width => _size.Width;

        public int Height => _size.Height;

        public void SetEncoding(System.Text.Encoding encoding) => _size.SetEncoding(encoding);
    }

    private sealed class FilteredConsoles : IDisposable
    {
        private readonly TextWriter _outputWriter = System.Console.Out;
        private readonly TextWriter _errorWriter = System.Console.Error;

        public FilteredConsoles(bool isMuted)
        {
            var (output, error) = isMuted ? (TextWriter.Null, TextWriter.Null) : (_outputWriter, _errorWriter);
            (_output, _error) = (new Console(output), new Console(error));
            OwnError = new TerminalWriter(_errorWriter);
            System.Console.SetOut(new TerminalWriter(output));
            System.Console.SetError(isMuted ? new TerminalWriter(error) : OwnError);
        }

        public void Dispose()
        {
            System.Console.SetOut(_outputWriter);
            System.Console.SetError(_errorWriter);
            OwnError = _errorWriter;
            (_output, _error) = (null, null);
        }
    }

    /// <summary>Spectre's hook before everything that is drawn.</summary>
    private sealed class FilteredText : IRenderHook
    {
        public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(drawn => new Filtered(drawn));

        private sealed class Filtered(IRenderable drawn) : IRenderable
        {
            public Measurement Measure(RenderOptions options, int maxWidth) => drawn.Measure(options, maxWidth);

            public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => drawn.Render(options, maxWidth)
                .Select(segment => segment.IsControlCode || segment.IsLineBreak ? segment : new Segment(TerminalText.Of(segment.Text), segment.Style));
        }
    }
}
