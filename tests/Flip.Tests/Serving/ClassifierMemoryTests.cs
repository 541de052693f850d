using Flip.Evaluation.ZeroShot;
using Flip.Serving;

namespace Flip.Tests.Serving;

public sealed class ClassifierMemoryTests
{
    private const int Each = (2 * 4 * sizeof(float)) + (2 * (sizeof(char) + 32)); // two classes of one letter, four numbers

    [Fact]
    public void Those_that_were_used_last_stay_and_memory_is_bounded()
    {
        var memory = new ClassifierMemory(2 * Each);
        memory.Keep("a", Make());
        memory.Keep("b", Make());
        Assert.NotNull(memory.Find("a"));
        memory.Keep("c", Make());
        Assert.Null(memory.Find("b"));
        Assert.NotNull(memory.Find("a"));
        Assert.NotNull(memory.Find("c"));
        Assert.Equal(2 * Each, memory.Bytes);
    }

    [Fact]
    public void One_that_does_not_fit_is_not_kept_and_takes_nobodys_place()
    {
        var memory = new ClassifierMemory(Each);
        memory.Keep("a", Make());
        memory.Keep("large", Make(dim: 8));
        Assert.NotNull(memory.Find("a"));
        Assert.Null(memory.Find("large"));
        Assert.Equal(Each, memory.Bytes);
    }

    [Fact]
    public void Other_words_other_templates_and_another_order_are_other_classifiers()
    {
        string[] keys = [Key(["x", "y"], ["{c}"]), Key(["y", "x"], ["{c}"]), Key(["x", "y"], ["a {c}"]), Key(["x", "y"], ["{c}", "{c}"]), Key(["xy"], ["{c}"])];
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], Key(["x", "y"], ["{c}"]));
    }

    private static string Key(string[] classes, string[] templates) => ClassifierMemory.KeyOf(ClassPrompts.OfTemplates(classes, templates));

    private static ZeroShotClassifier Make(int dim = 4) => ZeroShotClassifier.Of(ClassPrompts.OfTemplates(["x", "y"], ["{c}"]), [new float[2 * dim]], dim);
}
