using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Flip.Evaluation.Captioning;

/// <summary>A jar in a Java process, spoken to in lines of UTF-8. It works in the jar's folder and ends, with all that it started, when this is disposed of.</summary>
internal sealed class JavaProgram : IDisposable
{
    private const int ShownLines = 5;
    private const int ShownCharacters = 200;

    private static readonly TimeSpan PatienceForLastWords = TimeSpan.FromSeconds(10);

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Process _process;
    private readonly string _jar;
    private readonly TimeSpan _patience;
    private readonly Queue<string> _errors = new();

    private JavaProgram(Process process, string jar, TimeSpan patience)
    {
        (_process, _jar, _patience) = (process, Path.GetFileName(jar), patience);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a jar.</summary>
    /// <param name="java">Java, a name in PATH or a file.</param>
    /// <param name="memory">What Java may use, such as <c>2G</c>.</param>
    /// <param name="jar">The jar.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="patience">How long one answer may take.</param>
    /// <exception cref="ConfigException">Java cannot be started.</exception>
    public static JavaProgram Start(string java, string memory, string jar, IReadOnlyList<string> arguments, TimeSpan patience)
    {
        var whole = Path.GetFullPath(jar);
        var start = new ProcessStartInfo(java, [$"-Xmx{memory}", "-Dfile.encoding=UTF-8", "-jar", whole, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(whole),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
        };
        try
        {
            return new JavaProgram(Process.Start(start)!, whole, patience);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new ConfigException($"'{java}' cannot be started: {e.Message}. METEOR and SPICE need Java: install it, or name its program.");
        }
    }

    /// <summary>Sends a line.</summary>
    /// <exception cref="CocoJarException">The program does not take it.</exception>
    public async Task WriteAsync(string line, CancellationToken cancellation)
    {
        try
        {
            await _process.StandardInput.WriteAsync($"{line}\n".AsMemory(), cancellation).WaitAsync(_patience, cancellation).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync(cancellation).WaitAsync(_patience, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw await EndedAsync(e).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw Silent(e);
        }
    }

    /// <summary>The next line that it says.</summary>
    /// <exception cref="CocoJarException">It ended or says nothing.</exception>
    public async Task<string> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(_patience, cancellation).ConfigureAwait(false)
                ?? throw await EndedAsync(null).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw Silent(e);
        }
    }

    /// <summary>Waits until it has ended by itself, and does not read what it says.</summary>
    /// <exception cref="CocoJarException">It ended with a failure, or does not end.</exception>
    public async Task EndAsync(CancellationToken cancellation)
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync(cancellation).WaitAsync(_patience, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw Silent(e);
        }

        if (_process.ExitCode != 0)
        {
            throw await EndedAsync(null).ConfigureAwait(false);
        }
    }

    /// <summary>What to say of an answer that is none.</summary>
    public CocoJarException Strange(string asked, string answer) =>
        new($"{_jar}: {asked} was asked for, and it said '{(answer.Length <= ShownCharacters ? answer : answer[..ShownCharacters] + "...")}'.{Errors()}");

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(PatienceForLastWords);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // It has just ended.
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                _errors.Enqueue(line.Length <= ShownCharacters ? line : line[..ShownCharacters] + "...");
                while (_errors.Count > ShownLines)
                {
                    _errors.Dequeue();
                }
            }
        }
    }

    private CocoJarException Silent(Exception e) => new($"{_jar} has not answered for {_patience.TotalSeconds:0.#} s and was ended.{Errors()}", e);

    private async Task<CocoJarException> EndedAsync(Exception? e)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(PatienceForLastWords).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return Silent(e ?? new TimeoutException());
        }

        return new CocoJarException($"{_jar} ended with code {_process.ExitCode} before it was done.{Errors()}", e);
    }

    private string Errors()
    {
        lock (_errors)
        {
            return _errors.Count == 0 ? string.Empty : $" Its last words: {string.Join(" / ", _errors)}";
        }
    }
}
