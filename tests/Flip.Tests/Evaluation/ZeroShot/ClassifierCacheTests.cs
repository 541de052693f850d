using Flip.Evaluation.ZeroShot;

namespace Flip.Tests.Evaluation.ZeroShot;

public sealed class ClassifierCacheTests : IDisposable
{
    private static readonly ClassPrompts Prompts = ClassPrompts.OfTemplates(["cat", "dog"], ["a {c}"]);
    private static readonly Dictionary<string, string> Settings = new() { ["weights"] = "1", ["precision"] = "fp32" };
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];
    private int _made;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_classifier_is_made_once_and_read_to_the_bit()
    {
        var made = Read(Prompts, Settings);
        var read = Read(Prompts, new Dictionary<string, string> { ["precision"] = "fp32", ["weights"] = "1" });
        Assert.Equal(1, _made);
        Assert.Equal((made.EmbedDim, made.ClassNames), (read.EmbedDim, read.ClassNames));
        Assert.Equal(made.Weights, read.Weights);
    }

    [Fact]
    public void Other_weights_prompts_or_names_are_another_classifier()
    {
        Read(Prompts, Settings);
        Read(Prompts, new Dictionary<string, string>(Settings) { ["weights"] = "2" });
        Read(ClassPrompts.OfTemplates(["cat", "dog"], ["the {c}"]), Settings);
        Read(ClassPrompts.OfTemplates(["dog", "cat"], ["a {c}"]), Settings);
        Assert.Equal(4, _made);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(80)]
    public void A_damaged_file_is_told_and_made_anew(int length)
    {
        var made = Read(Prompts, Settings);
        var path = new ClassifierCache(_folder.Path, Settings).PathOf(Prompts);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);
        Assert.Equal(made.Weights, Read(Prompts, Settings).Weights);
        Assert.Equal(2, _made);
        Assert.Contains(path, Assert.Single(_said), StringComparison.Ordinal);
        Read(Prompts, Settings);
        Assert.Equal(2, _made);
    }

    [Fact]
    public void A_link_in_the_cache_is_replaced_and_what_is_made_is_for_its_owner_alone()
    {
        var folder = _folder.File("new/cache");
        var path = new ClassifierCache(folder, Settings).PathOf(Prompts);
        Read(Prompts, Settings, folder);
        using var bystander = new Bystander();
        bystander.Lure(path, isFolder: false);
        Read(Prompts, Settings, folder);
        Assert.Equal(2, _made);
        Assert.Contains("is a link to", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Null(new FileInfo(path).LinkTarget);
        bystander.AssertUntouched();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        }
    }

    private ZeroShotClassifier Read(ClassPrompts prompts, IReadOnlyDictionary<string, string> settings, string? folder = null) =>
        new ClassifierCache(folder ?? _folder.Path, settings, _said.Add).Read(prompts, () =>
        {
            _made++;
            return new ZeroShotClassifier(prompts.ClassNames, [0.6f, 0.8f, 1f / 3, -0.1f], 2);
        })!;
}
