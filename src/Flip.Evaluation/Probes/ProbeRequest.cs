using Flip.Evaluation.Embedding;

namespace Flip.Evaluation.Probes;

/// <summary>What <c>flip probe</c> is asked for.</summary>
/// <param name="Model">The model.</param>
/// <param name="Train">Source of the training images.</param>
/// <param name="Test">Source of the test images.</param>
/// <param name="Classes">File of class names, or null.</param>
/// <param name="Methods">Names of the methods.</param>
/// <param name="Feature">What of an image is probed; null for each method's own.</param>
/// <param name="Cache">Folder of features; null for the user's own cache.</param>
/// <param name="Out">Folder of the results, or null.</param>
/// <param name="AllowMissing">Whether images that cannot be used are left out.</param>
/// <param name="Mask">How images are seen.</param>
/// <param name="Settings">Settings of the model.</param>
public sealed record ProbeRequest(
    string Model,
    string Train,
    string Test,
    string? Classes,
    IReadOnlyList<string> Methods,
    FeatureKind? Feature,
    string? Cache,
    string? Out,
    bool AllowMissing,
    MaskChoice Mask,
    IReadOnlyList<string> Settings)
{
    private const int MostShots = 1_000_000;

    /// <summary>Every method, in the order in which they are run.</summary>
    public static IReadOnlyList<string> AllMethods { get; } = [LogisticProbe.Name, LarsProbe.Name, NearestNeighbors.Weighted, FewShotProbe.Name];

    /// <summary>Whether lists, descriptions and links may name what lies outside their folder.</summary>
    public bool AllowOutside { get; init; }

    /// <summary>λ and scaling of the logistic regressions.</summary>
    public LogisticProbeOptions Logistic { get; init; } = new();

    /// <summary>The LARS recipe.</summary>
    public LarsProbeOptions Lars { get; init; } = new();

    /// <summary>Random views that the LARS probe trains on in turn; 1 for the evaluation's own.</summary>
    public int Views { get; init; } = 1;

    /// <summary>Sizes of the few-shot probe.</summary>
    public IReadOnlyList<int> Shots { get; init; } = [];

    /// <summary>Times each of them is drawn.</summary>
    public int Seeds { get; init; }

    /// <summary>Neighbours that vote.</summary>
    public int Neighbors { get; init; }

    /// <summary>What a method probes: as asked, else what its protocol reads.</summary>
    public FeatureKind FeatureOf(string method) =>
        Feature ?? (method == NearestNeighbors.Weighted ? FeatureKind.Embedding : FeatureKind.Pooled);

    /// <summary>Refuses what cannot be meant, telling every problem.</summary>
    /// <exception cref="ConfigException">The message names the options.</exception>
    public void Check()
    {
        List<string> problems =
        [
            .. Methods.Where(method => !AllMethods.Contains(method))
                .Select(method => $"--method {method}: expected {string.Join(", ", AllMethods)}, or all."),
            .. Methods.Count == 0 ? ["--method: name one."] : Array.Empty<string>(),
            .. Shots.Count == 0 || Shots.Any(shots => shots is < 1 or > MostShots)
                ? [$"--shots: expected numbers of images from 1 to {MostShots}, such as 1,2,4."] : Array.Empty<string>(),
            .. FromOne("--seeds", Seeds, 1000),
            .. FromOne("--k", Neighbors, 100_000),
            .. FromOne("--views", Views, 1000),
            .. FromOne("--lars-epochs", Lars.Epochs, 100_000),
            .. FromOne("--lars-batch", Lars.BatchSize, 1 << 20),
            .. Lars.BaseLearningRate is > 0 and <= 1e6 ? Array.Empty<string>() : ["--lars-rate: expected a number above 0, at most 1E+6."],
            .. Logistic.Lambda is null or (>= 0 and <= 1e12) ? Array.Empty<string>() : ["--lambda: expected a number from 0 to 1E+12."],
        ];
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private static string[] FromOne(string option, int value, int most) =>
        value >= 1 && value <= most ? [] : [$"{option} {value}: expected {(value < 1 ? "at least 1" : $"at most {most}")}."];
}
