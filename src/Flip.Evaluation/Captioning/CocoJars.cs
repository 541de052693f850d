using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Data;

namespace Flip.Evaluation.Captioning;

/// <summary>
/// METEOR and SPICE, which are Java programs: run where the user has them, never imitated. What they are sent is what coco-caption sends them; they were tried
/// here with stand-ins that speak the same protocol, not with the jars themselves. SPICE 1.0 was written for Java 8, and newer ones may refuse what it does.
/// </summary>
public sealed partial class CocoJars
{
    private const string MeteorName = "meteor-1.5.jar";
    private const string SpiceName = "spice-1.0.jar";
    private const string MeteorMemory = "2G";
    private const string SpiceMemory = "8G";
    private const string Separator = " ||| ";

    private readonly string? _meteor;
    private readonly string? _spice;

    /// <param name="folder">A folder with <c>meteor-1.5.jar</c>, <c>spice-1.0.jar</c> or both, or coco-caption's own: <c>pycocoevalcap</c>, or what it lies in.</param>
    /// <exception cref="ConfigException">Neither is there.</exception>
    public CocoJars(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (_meteor, _spice) = (Find("meteor", MeteorName), Find("spice", SpiceName));
        if (_meteor is null && _spice is null)
        {
            throw new ConfigException(
                $"'{folder}' has neither {MeteorName} nor {SpiceName}, nor the folders 'meteor' and 'spice' with them. Name the folder 'pycocoevalcap' of coco-caption, or one with the jars.");
        }

        string? Find(string own, string name) => new[] { "", own, Path.Combine("pycocoevalcap", own) }
            .Select(place => Path.GetFullPath(Path.Combine(folder, place, name))).FirstOrDefault(File.Exists);
    }

    /// <summary>Java, a name in PATH or a file.</summary>
    public string Java { get; init; } = "java";

    /// <summary>How long METEOR may take for one answer; the first needs its tables.</summary>
    public TimeSpan MeteorPatience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long SPICE may take for all captions. It parses every one: some seconds a hundred.</summary>
    public TimeSpan SpicePatience { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Where SPICE keeps what it has parsed, for the next time; null for a folder that is deleted behind it.</summary>
    public string? SpiceCache { get; init; }

    /// <summary>Whether METEOR can be run.</summary>
    public bool HasMeteor => _meteor is not null;

    /// <summary>Whether SPICE can be run.</summary>
    public bool HasSpice => _spice is not null;

    /// <summary>METEOR of captions.</summary>
    /// <inheritdoc cref="Spice"/>
    public JarScores Meteor(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, CancellationToken cancellation = default)
    {
        Check(candidates, references);
        return Task.Run(() => MeteorAsync(candidates, references, cancellation), cancellation).GetAwaiter().GetResult();
    }

    /// <summary>SPICE of captions.</summary>
    /// <param name="candidates">The tokenised caption of each image.</param>
    /// <param name="references">The tokenised references of each image, one or more.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <exception cref="ArgumentException">There are no captions, or not as many as images with references.</exception>
    /// <exception cref="ConfigException">The jar is not there, or Java cannot be started.</exception>
    /// <exception cref="CocoJarException">The program fails, says something else, or does not answer.</exception>
    public JarScores Spice(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, CancellationToken cancellation = default)
    {
        Check(candidates, references);
        return Task.Run(() => SpiceAsync(candidates, references, cancellation), cancellation).GetAwaiter().GetResult();
    }

    /// <summary>A caption that cannot be taken for several, or for several lines.</summary>
    internal static string OneSegment(string caption) => Blanks().Replace(Bars().Replace(caption, " "), " ").Trim();

    private static void Check(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(references);
        if (candidates.Count == 0 || candidates.Count != references.Count || references.Any(captions => captions.Count == 0))
        {
            throw new ArgumentException($"{candidates.Count} captions for {references.Count(captions => captions.Count > 0)} images with references.", nameof(candidates));
        }
    }

    private async Task<JarScores> MeteorAsync(
        IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, CancellationToken cancellation)
    {
        var jar = _meteor ?? throw new ConfigException($"There is no {MeteorName} in the folder of jars.");
        using var program = JavaProgram.Start(Java, MeteorMemory, jar, ["-", "-", "-stdio", "-l", "en", "-norm"], MeteorPatience);
        var counts = new List<string>(candidates.Count);
        foreach (var (candidate, captions) in candidates.Zip(references))
        {
            await program.WriteAsync(string.Join(Separator, ["SCORE", .. captions.Select(OneSegment), OneSegment(candidate)]), cancellation).ConfigureAwait(false);
            var answer = (await program.ReadAsync(cancellation).ConfigureAwait(false)).Trim();
            counts.Add(Counts().IsMatch(answer) ? answer : throw program.Strange("a caption's counts", answer));
        }

        await program.WriteAsync(string.Join(Separator, ["EVAL", .. counts]), cancellation).ConfigureAwait(false);
        var scores = new double[candidates.Count + 1]; // the last is that of all together
        for (var caption = 0; caption < scores.Length; caption++)
        {
            var answer = await program.ReadAsync(cancellation).ConfigureAwait(false);
            scores[caption] = double.TryParse(answer, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && double.IsFinite(score)
                ? score
                : throw program.Strange("a score", answer);
        }

        return new(scores[^1], scores[..^1]);
    }

    private async Task<JarScores> SpiceAsync(
        IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, CancellationToken cancellation)
    {
        var jar = _spice ?? throw new ConfigException($"There is no {SpiceName} in the folder of jars.");
        var work = Directory.CreateTempSubdirectory("flip-spice-");
        try
        {
            var (input, output) = (Path.Combine(work.FullName, "captions.json"), Path.Combine(work.FullName, "scores.json"));
            var cache = Directory.CreateDirectory(Path.GetFullPath(SpiceCache ?? Path.Combine(work.FullName, "cache"))).FullName;
            var captions = candidates.Zip(references).Index().Select(item => new SpiceInput(item.Index, item.Item.First, item.Item.Second));
            await File.WriteAllBytesAsync(input, JsonSerializer.SerializeToUtf8Bytes(captions), cancellation).ConfigureAwait(false);
            using var program = JavaProgram.Start(Java, SpiceMemory, jar, [input, "-cache", cache, "-out", output, "-subset", "-silent"], SpicePatience);
            await program.EndAsync(cancellation).ConfigureAwait(false);
            var scores = SpiceScores(output, candidates.Count, program);
            return new(scores.Average(), scores);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static double[] SpiceScores(string path, int captions, JavaProgram program)
    {
        if (!File.Exists(path))
        {
            throw program.Strange("a file of scores", "nothing");
        }

        try
        {
            using var document = UserJson.Read(path);
            var scores = new double?[captions];
            foreach (var item in document.RootElement.EnumerateArray())
            {
                scores[item.GetProperty("image_id").GetInt32()] = item.GetProperty("scores").GetProperty("All").GetProperty("f").GetDouble();
            }

            var bare = Array.IndexOf(scores, null);
            return bare < 0 ? [.. scores.Select(score => score!.Value)] : throw program.Strange("a score of each caption", $"none of caption {bare}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw program.Strange("a file of scores", $"what cannot be read: {e.Message}");
        }
    }

    /// <summary>What METEOR says of a caption before it scores: numbers.</summary>
    [GeneratedRegex(@"^[-+0-9.eE]+(?: [-+0-9.eE]+)*$")]
    private static partial Regex Counts();

    [GeneratedRegex(@"\|{3,}")]
    private static partial Regex Bars();

    [GeneratedRegex(@"[\s\p{C}]+")]
    private static partial Regex Blanks();

    /// <summary>A caption as SPICE reads it.</summary>
    private sealed record SpiceInput(
        [property: System.Text.Json.Serialization.JsonPropertyName("image_id")] int ImageId,
        [property: System.Text.Json.Serialization.JsonPropertyName("test")] string Test,
        [property: System.Text.Json.Serialization.JsonPropertyName("refs")] IReadOnlyList<string> References);
}
