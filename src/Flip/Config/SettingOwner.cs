namespace Flip.Config;

/// <summary>Who decides a setting, and so whose files may say it.</summary>
public enum SettingOwner
{
    /// <summary>What the model is and how its inputs are made: comes with the model wherever it is used.</summary>
    Model,

    /// <summary>How the model was trained: a record, by which a training that begins with the model goes on.</summary>
    Recipe,

    /// <summary>The user's and the machine's: data, devices, threads, memory. Never taken from a model's files, only from the command, the user's
    /// own settings and the run that is resumed.</summary>
    User,
}
