using Flip.Evaluation.Captioning;

namespace Flip.Tests.Evaluation.Captioning;

/// <summary>The protocols of METEOR and SPICE against stand-ins: shell scripts in the place of Java.</summary>
public sealed class CocoJarsTests : IDisposable
{
    // Counts are the number of words and of texts; a caption's score is a tenth of the words, that of all their sum.
    private const string MeteorScript = """
        echo "$@" > arguments.txt
        while IFS= read -r line; do
          echo "$line" >> lines.txt
          case "$line" in
            "SCORE ||| "*) last="${line##* ||| }"; set -- $last; echo "$#.0 1.0" ;;
            "EVAL ||| "*) sum=0
              for count in ${line#EVAL}; do case "$count" in "|||") first=1 ;; *) if [ "$first" = 1 ]; then n=${count%.0}; echo "0.$n"; sum=$((sum + n)); first=0; fi ;; esac; done
              echo "0.$sum" ;;
          esac
        done
        """;

    private static readonly IReadOnlyList<IReadOnlyList<string>> References = [["a dog runs", "the dog"], ["a cat"]];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flip-jars-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("meteor")]
    [InlineData("pycocoevalcap/meteor")]
    public void METEOR_is_asked_caption_by_caption_and_then_for_scores(string place)
    {
        var jars = Jars(Path.Combine(place, "meteor-1.5.jar"), MeteorScript);
        Assert.True(jars.HasMeteor);
        Assert.False(jars.HasSpice);
        var scores = jars.Meteor(["a dog sits", "one cat"], References, TestContext.Current.CancellationToken);
        Assert.Equal([0.3, 0.2], scores.Captions);
        Assert.Equal(0.5, scores.Value);
        var work = Path.Combine(_folder.FullName, place);
        Assert.Equal(
            ["SCORE ||| a dog runs ||| the dog ||| a dog sits", "SCORE ||| a cat ||| one cat", "EVAL ||| 3.0 1.0 ||| 2.0 1.0"],
            File.ReadAllLines(Path.Combine(work, "lines.txt")));
        Assert.EndsWith("meteor-1.5.jar - - -stdio -l en -norm\n", File.ReadAllText(Path.Combine(work, "arguments.txt")));
    }

    [Fact]
    public void Nothing_of_a_caption_is_a_separator_a_line_or_an_option()
    {
        Assert.Equal("a b c d -l -out | ||", CocoJars.OneSegment("a ||| b\nc\r\n\u2028d |||||-l -out | ||"));
        var jars = Jars("meteor-1.5.jar", MeteorScript);
        var scores = jars.Meteor(["EVAL ||| 9.0\nSCORE ||| x", "-l fr"], References, TestContext.Current.CancellationToken);
        Assert.Equal([0.4, 0.2], scores.Captions);
    }

    [Fact]
    public void SPICE_reads_and_writes_files()
    {
        var jars = Jars("spice/spice-1.0.jar", """
            while [ $# -gt 0 ]; do case "$1" in *.json) [ -z "$in" ] && in=$1 ;; -out) out=$2 ;; -cache) [ -d "$2" ] || exit 3 ;; esac; shift; done
            cp "$in" captions.json
            echo '[{"image_id": 1, "scores": {"All": {"f": 0.25, "pr": NaN}}}, {"image_id": 0, "scores": {"All": {"f": 0.75}, "Color": {"f": NaN}}}]' > "$out"
            """);
        var scores = jars.Spice(["a dog", "a \"cat\""], References, TestContext.Current.CancellationToken);
        Assert.Equal([0.75, 0.25], scores.Captions);
        Assert.Equal(0.5, scores.Value);
        Assert.Equal(
            """[{"image_id":0,"test":"a dog","refs":["a dog runs","the dog"]},{"image_id":1,"test":"a \u0022cat\u0022","refs":["a cat"]}]""",
            File.ReadAllText(Path.Combine(_folder.FullName, "spice", "captions.json")));
    }

    [Fact]
    public void A_folder_without_jars_and_a_jar_that_is_not_there_are_told()
    {
        var e = Assert.Throws<ConfigException>(() => new CocoJars(_folder.FullName));
        Assert.StartsWith($"'{_folder.FullName}' has neither meteor-1.5.jar nor spice-1.0.jar", e.Message);
        var jars = Jars("meteor-1.5.jar", MeteorScript);
        e = Assert.Throws<ConfigException>(() => jars.Spice(["a", "b"], References, TestContext.Current.CancellationToken));
        Assert.Equal("There is no spice-1.0.jar in the folder of jars.", e.Message);
    }

    [Fact]
    public void Java_that_is_not_there_is_told()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "meteor-1.5.jar"), "");
        var jars = new CocoJars(_folder.FullName) { Java = Path.Combine(_folder.FullName, "nothing") };
        var e = Assert.Throws<ConfigException>(() => jars.Meteor(["a", "b"], References, TestContext.Current.CancellationToken));
        Assert.Contains("cannot be started", e.Message);
        Assert.Contains("METEOR and SPICE need Java", e.Message);
    }

    [Theory]
    [InlineData("echo 'Unsupported class version' >&2; exit 7", "meteor-1.5.jar ended with code 7 before it was done. Its last words: Unsupported class version")]
    [InlineData("read line; echo 'Usage: java Meteor'; read line", "meteor-1.5.jar: a caption's counts was asked for, and it said 'Usage: java Meteor'.")]
    [InlineData("read line; echo 1.0; read line; echo 1.0; read line; echo NaN; read line", "meteor-1.5.jar: a score was asked for, and it said 'NaN'.")]
    [InlineData("read line; sleep 60", "meteor-1.5.jar has not answered for 1 s and was ended.")]
    public void A_METEOR_that_fails_is_told(string script, string message)
    {
        var jars = Jars("meteor-1.5.jar", script, TimeSpan.FromSeconds(1));
        var e = Assert.Throws<CocoJarException>(() => jars.Meteor(["a", "b"], References, TestContext.Current.CancellationToken));
        Assert.Equal(message, e.Message);
    }

    [Theory]
    [InlineData("echo 'InaccessibleObjectException' >&2; exit 1", "spice-1.0.jar ended with code 1 before it was done. Its last words: InaccessibleObjectException")]
    [InlineData("exit 0", "spice-1.0.jar: a file of scores was asked for, and it said 'nothing'.")]
    [InlineData("while [ \"$1\" != -out ]; do shift; done; echo '[]' > \"$2\"", "spice-1.0.jar: a score of each caption was asked for, and it said 'none of caption 0'.")]
    [InlineData("while [ \"$1\" != -out ]; do shift; done; echo '[{\"image_id\": 9}]' > \"$2\"", "spice-1.0.jar: a file of scores was asked for, and it said 'what cannot be read")]
    [InlineData("sleep 60", "spice-1.0.jar has not answered for 1 s and was ended.")]
    public void A_SPICE_that_fails_is_told(string script, string message)
    {
        var jars = Jars("spice-1.0.jar", script, TimeSpan.FromSeconds(1));
        var e = Assert.Throws<CocoJarException>(() => jars.Spice(["a", "b"], References, TestContext.Current.CancellationToken));
        Assert.StartsWith(message, e.Message);
    }

    [Fact]
    public void A_program_that_hangs_is_ended_with_what_it_started()
    {
        var jars = Jars("meteor-1.5.jar", "(while true; do date >> alive.txt; sleep 0.05; done) & read line; sleep 60", TimeSpan.FromSeconds(1));
        Assert.Throws<CocoJarException>(() => jars.Meteor(["a", "b"], References, TestContext.Current.CancellationToken));
        var alive = Path.Combine(_folder.FullName, "alive.txt");
        Thread.Sleep(200);
        var length = new FileInfo(alive).Length;
        Thread.Sleep(300);
        Assert.Equal(length, new FileInfo(alive).Length);
    }

    private CocoJars Jars(string jar, string script, TimeSpan? patience = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-ins are shell scripts");
        var path = Path.Combine(_folder.FullName, jar);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "a stand-in");
        var java = Path.Combine(_folder.FullName, "java");
        File.WriteAllText(java, $"#!/bin/sh\n{script.ReplaceLineEndings("\n")}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(java, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var time = patience ?? TimeSpan.FromSeconds(30);
        return new CocoJars(_folder.FullName) { Java = java, MeteorPatience = time, SpicePatience = time };
    }
}
